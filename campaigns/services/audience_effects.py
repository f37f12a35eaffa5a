"""Rank customers by what a message changes in them, where a trial of the shop's own has shown that it pays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from campaigns.engine.audience import rank
from campaigns.engine.frames import BoolArray, FloatArray, IntArray
from campaigns.engine.uplift.calibration import Calibration
from campaigns.engine.uplift.groups import Condition, members
from campaigns.engine.uplift.kept import from_artefact, in_single_precision
from campaigns.engine.uplift.words import points, points_between
from campaigns.models import UpliftModel
from campaigns.queries.trial_words import steady_words
from campaigns.queries.trials import steady_values
from campaigns.services.scoring import Scored
from segments.engine.files import unpacked

LEVEL = 0.95
CURVE_POINTS = 50
# When nobody pays, what the best tenth would bring is shown instead of nothing.
SHARE_SHOWN_WHEN_NOBODY_PAYS = 0.1


class CannotRankByEffect(Exception):
    """There is no model to rank by, or it knows what had not happened yet."""


@dataclass(frozen=True)
class Changed:
    """What one message is expected to change in every customer, in the outcomes of its trial and in money.

    `is_unlike` marks those who lie outside whatever the trial has seen.
    """

    model: UpliftModel
    calibration: Calibration
    scores: FloatArray
    effects: FloatArray
    low: FloatArray
    high: FloatArray
    is_unlike: BoolArray
    in_best_group: BoolArray
    worth: float
    cost: float

    @property
    def profit(self) -> FloatArray:
        """Of contacting each, shape (n_customers,): what it changes is worth, less the contact."""
        return np.asarray(self.effects * self.worth - self.cost)

    def best_first(self, rows: IntArray, customer_ids: IntArray) -> IntArray:
        """Those of `rows` in whom it changes anything for the better, the most first."""
        better = rows[self.effects[rows] > 0]
        return better[rank(self.effects[better], customer_ids[better])]

    def depth(self, ranked: IntArray, n: int | None) -> int:
        """As many as were asked for, else as many as pay for their contact."""
        n_paying = int((self.profit[ranked] > 0).sum())
        if n or n_paying:
            return n or n_paying
        return max(round(len(ranked) * SHARE_SHOWN_WHEN_NOBODY_PAYS), 1)

    def advice(self, ranked: IntArray, allowed: IntArray) -> str:
        """How deep it pays to go among `ranked`, and who of those allowed had better be left alone."""
        n_paying = int((self.profit[ranked] > 0).sum())
        if n_paying == 0:
            most = float(self.effects[ranked].max()) * self.worth
            return (
                f"Send to nobody: what it changes is worth at most {most:.2f} {self.model.trial.currency} a person, "
                f"and a contact costs {self.cost:.2f}."
            )
        if n_paying == len(allowed):
            return "Send to everybody: even in whom it changes least it is worth the contact."
        return f"Send to the {n_paying:,} it changes most of {len(allowed):,}: the next one is not worth the contact."

    def reasons(self, rows: IntArray) -> Iterator[str]:
        """Why each of them: what the trial saw among people with such a score, and whether they are of the kind."""
        binary = self.model.findings["is_binary"]
        group = self.model.findings["group"]
        kind = f"; {steady_words(group)}" if group else ""
        for row in rows.tolist():
            mid = points(float(self.effects[row]), is_binary=binary, sign=True)
            sure = points_between(float(self.low[row]), float(self.high[row]), is_binary=binary)
            of_the_kind = kind if self.in_best_group[row] else ""
            yield f"“{self.model.arm}” changed {mid} ({sure}) in people like this one{of_the_kind}"[:300]

    def as_json(self, rows: IntArray, allowed: IntArray, ranked: IntArray) -> dict[str, Any]:
        """What a page tells: of the chosen, of everybody who might have been, and how profit grows with depth."""
        whole = self.calibration.mean_of(self.scores[rows])
        return {
            "uplift_model": self.model.pk,
            "trial_id": self.model.trial_id,
            "trial": self.model.trial.name,
            "arm": self.model.arm.name,
            "outcome": self.model.trial.outcome_name,
            "is_binary": self.model.findings["is_binary"],
            "n_learnt_from": self.model.n_customers,
            "worth": self.worth,
            "cost": self.cost,
            "total": {
                "value": whole.value * len(rows),
                "low": whole.low * len(rows),
                "high": whole.high * len(rows),
            },
            "n_unsure": int((self.low[rows] <= 0).sum()),
            "n_unlike": int(self.is_unlike[rows].sum()),
            "n_left_alone": int((self.effects[allowed] <= 0).sum()),
            "n_paying": int((self.profit[ranked] > 0).sum()),
            "curve": self._curve(ranked),
        }

    def _curve(self, ranked: IntArray) -> dict[str, list[float]]:
        """Profit of writing to the first ones only, with the interval of what the trial is unsure of."""
        depths = np.unique(np.linspace(0, len(ranked), CURVE_POINTS + 1).round().astype(np.int64))[1:]
        told: dict[str, list[float]] = {name: [0.0] for name in ("depths", "profit", "low", "high")}
        for depth in depths.tolist():
            mean = self.calibration.mean_of(self.scores[ranked[:depth]])
            told["depths"].append(depth)
            for name, value in (("profit", mean.value), ("low", mean.low), ("high", mean.high)):
                told[name].append(round(depth * (value * self.worth - self.cost), 2))
        return told


def changed_by(scored: Scored, rule: Mapping[str, Any]) -> Changed | None:
    """What ranks everybody for this rule instead of their response; None where it does not ask for that.

    Raises CannotRankByEffect, ArraysDamaged.
    """
    if not rule.get("uplift_model"):
        return None
    model = UpliftModel.objects.select_related("trial", "arm").filter(pk=rule["uplift_model"]).first()
    if model is None:
        raise CannotRankByEffect("The trial these customers were to be ranked by is gone. Choose again.")
    _check(model, scored)
    kept = from_artefact(model.params, unpacked(model.arrays))
    values = in_single_precision(steady_values(scored.customers, kept.names))
    scores = kept.scores(values)
    low, high = kept.calibration.interval(scores, LEVEL)
    return Changed(
        model=model,
        calibration=kept.calibration,
        scores=scores,
        effects=kept.calibration.effects(scores),
        low=low,
        high=high,
        is_unlike=kept.is_unlike(values),
        in_best_group=_in_best_group(model, values, kept.names),
        worth=model.findings["outcome_value"],
        cost=scored.assumptions.for_engine().cost_per_contact,
    )


def _check(model: UpliftModel, scored: Scored) -> None:
    trial = model.trial
    if not model.is_open:
        raise CannotRankByEffect(
            f"In the trial “{trial}” choosing among your customers showed no measurable gain, so they cannot be ranked "
            f"by what “{model.arm}” changes. Rank them by response, or send to everybody."
        )
    if model.findings["outcome_value"] is None:
        raise CannotRankByEffect(
            f"Say on the page of the trial “{trial}” what one outcome is worth, then choose again."
        )
    if trial.ends_at is None or trial.ends_at > scored.as_of:
        raise CannotRankByEffect(
            f"The trial “{trial}” had not ended when this forecast is made. Rank by response, or begin later."
        )
    if trial.currency != scored.campaign.currency:
        raise CannotRankByEffect(
            f"The trial “{trial}” counts in {trial.currency}, this campaign in {scored.campaign.currency}. Use one."
        )


def _in_best_group(model: UpliftModel, values: FloatArray, names: tuple[str, ...]) -> BoolArray:
    group = model.findings["group"]
    if not group:
        return np.zeros(len(values), dtype=np.bool_)
    open_ends = {"low": -np.inf, "high": np.inf}
    conditions = [
        Condition(one["name"], **{end: open_ends[end] if one[end] is None else one[end] for end in open_ends})
        for one in group["conditions"]
    ]
    return members(values, names, conditions)
