"""One version, and two side by side, as their pages show them."""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.engine.metrics import bootstrap_mean
from recommender.models import ModelVersion, PairedScores, Promotion, SurrogateTree, TuningTrial
from recommender.queries.promotions import history_of
from recommender.queries.purposes import Figure, Line, Measure, measured_lines
from recommender.queries.tunings import trials_of

SHOWN = 30


@dataclass(frozen=True)
class VersionView:
    """A version beside the baseline of the same data, with every time it began or ceased to serve."""

    version: ModelVersion
    baseline: ModelVersion | None
    promotions: list[Promotion]
    comparable: list[ModelVersion]
    trials: list[TuningTrial]
    surrogate: SurrogateTree | None
    smaller: list[ModelVersion]

    @property
    def lines(self) -> list[Line]:
        return measured_lines(self.version.purpose, self.version, self.baseline)

    @property
    def beside(self) -> str:
        return self.baseline.label if self.baseline else "By chance"

    @property
    def tested_until(self) -> datetime | None:
        return _moment(self.version.params.get("test_until"))


@dataclass(frozen=True)
class PairedLine:
    """One measure of two versions, and the difference customer by customer where both were kept."""

    line: Line
    difference: Figure | None

    @property
    def is_better(self) -> bool:
        return self.difference is not None and self.difference.lowest > 0


@dataclass(frozen=True)
class Comparison:
    """Two versions that were tested on the same customers in the same weeks."""

    one: ModelVersion
    other: ModelVersion
    lines: list[PairedLine]

    @property
    def is_paired(self) -> bool:
        return any(pair.difference for pair in self.lines)

    @property
    def answer(self) -> str:
        """The first measure decides, as in training."""
        first = self.lines[0].difference if self.lines else None
        if first is None:
            return "What each customer then bought was not kept for both, so only their figures stand side by side."
        if first.lowest > 0:
            return f"“{self.one.label}” is surely better: {first.span} more, customer by customer."
        if first.highest < 0:
            return f"“{self.other.label}” is surely better."
        return f"Neither is surely better: the difference is {first.span}."


def version_view(version: ModelVersion) -> VersionView:
    """The same number of queries however many versions there are."""
    others = [one for one in _of_the_same_test(version) if one.pk != version.pk]
    baseline = next((one for one in others if one.is_baseline), None)
    surrogate = SurrogateTree.objects.filter(version=version).first()
    smaller = list(version.smaller_versions.order_by("-pk")[:SHOWN])
    return VersionView(version, baseline, history_of(version), others, trials_of(version.pk), surrogate, smaller)


def _of_the_same_test(version: ModelVersion) -> list[ModelVersion]:
    """Learnt from the same data and tested on the same weeks: others are not comparable."""
    found = ModelVersion.objects.filter(purpose=version.purpose, data_fingerprint=version.data_fingerprint)
    found = found.filter(params__test_until=version.params.get("test_until"))
    return list(found.order_by("-pk")[:SHOWN])


def are_comparable(one: ModelVersion, other: ModelVersion) -> bool:
    same = (one.purpose, one.data_fingerprint) == (other.purpose, other.data_fingerprint)
    return same and one.params.get("test_until") == other.params.get("test_until")


def comparison(one: ModelVersion, other: ModelVersion) -> Comparison:
    """Both figures of every measure and, where kept, the paired difference with its 95% interval."""
    scores = [_scores(version) for version in (one, other)]
    lines = measured_lines(one.purpose, one, other)
    currency = one.params.get("currency", "")
    return Comparison(one, other, [PairedLine(line, _difference(line.measure, scores, currency)) for line in lines])


def _scores(version: ModelVersion) -> dict[str, NDArray[Any]]:
    kept = PairedScores.objects.filter(version=version).first()
    if kept is None or not kept.arrays:
        return {}
    with np.load(BytesIO(bytes(kept.arrays)), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _difference(measure: Measure, scores: list[dict[str, NDArray[Any]]], currency: str) -> Figure | None:
    mine, theirs = scores
    if measure.key not in mine or measure.key not in theirs:
        return None
    if not np.array_equal(mine["customer_ids"], theirs["customer_ids"]):
        return None
    values = mine[measure.key].astype(np.float64) - theirs[measure.key].astype(np.float64)
    # The same page shows the same interval whenever it is opened.
    found = bootstrap_mean(values, np.random.default_rng(0))
    low, mid, high = (_signed(measure, value, currency) for value in (found.low, found.mid, found.high))
    unit = " points" if measure.unit == "share" else ""
    return Figure(found.mid, found.low, found.high, mid + unit, f"{low} to {high}{unit}")


def _signed(measure: Measure, value: float, currency: str) -> str:
    if measure.unit == "share":
        return f"{100 * value:+.1f}".replace("-", "−")
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{measure.write(abs(value), currency)}"


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
