"""What the page of a trial shows, put together from what was worked out and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from campaigns.charts.trials import effects_chart, kinds_chart, qini_chart
from campaigns.engine.uplift.words import points
from campaigns.models import Trial, TrialRejection
from campaigns.queries.trial_words import advice_sentence, group_words
from campaigns.queries.uplift import RankingLine, ranking_lines
from loyalty.charts import Chart


@dataclass(frozen=True)
class Targeting:
    """One message: the verdict in a sentence, the curve, and how its orders did beside each other."""

    arm: str
    is_open: bool
    verdict: str
    group: str
    group_effect: str
    elsewhere: str
    group_share: float
    fidelity: float
    p_value: float
    gain: dict[str, float]
    chosen_share: float
    chart: Chart
    learners: Sequence[dict[str, Any]]
    depths: Sequence[float]


@dataclass(frozen=True)
class TrialPage:
    """Everything on the page but the trial itself. Empty parts where nothing may be read out."""

    headline: str
    is_broken: bool
    effects: Chart | None
    targeting: Sequence[Targeting]
    kinds: Chart | None
    money: Sequence[dict[str, Any]]
    policies: Sequence[dict[str, Any]]
    smallest_effect: str
    is_binary: bool
    ranking: Sequence[RankingLine]
    needs_worth: bool
    why_no_ranking: str


def trial_page(trial: Trial) -> TrialPage:
    """The parts of the page."""
    told = trial.results
    arms, is_binary = told.get("arms", []), told.get("is_binary", True)
    drawn = {"is_binary": is_binary, "as_of": trial.read_at}
    ranking = ranking_lines(trial)
    return TrialPage(
        headline=_says(trial),
        is_broken=told.get("sample_ratio", {}).get("is_broken", False),
        effects=effects_chart(arms, outcome=trial.outcome_name, **drawn) if arms else None,
        targeting=[_targeting(trial, one, number, drawn) for number, one in enumerate(trial.readouts, 1)],
        kinds=kinds_chart(trial.readouts, as_of=trial.read_at),
        money=told.get("money", []),
        policies=[_policy(one) for one in told.get("policies", [])],
        is_binary=is_binary,
        smallest_effect=points(told["smallest_effect_seen"], is_binary=is_binary) if arms else "",
        ranking=ranking,
        needs_worth=trial.outcome_value is None and any(line.is_open for line in ranking),
        why_no_ranking=told.get("ranking", {}).get("why_not", ""),
    )


def _targeting(trial: Trial, readout: dict[str, Any], number: int, drawn: dict[str, Any]) -> Targeting:
    group = readout["group"]
    return Targeting(
        arm=readout["arm"],
        is_open=readout["is_open"],
        verdict=advice_sentence(trial, readout),
        group=group_words(group) if group else "",
        group_effect=_spoken(group["effect"], drawn["is_binary"]) if group else "",
        elsewhere=_spoken(group["effect_elsewhere"], drawn["is_binary"]) if group else "",
        group_share=group["share"] if group else 0.0,
        fidelity=group["fidelity"] if group else 0.0,
        p_value=readout["test"]["p_value"],
        gain=readout["gain"],
        chosen_share=readout["chosen_share"],
        chart=qini_chart(readout, number=number, **drawn),
        learners=[{**one, "per_thousand": _thousand(one["qini"])} for one in readout["learners"]],
        depths=readout["depths"],
    )


def _thousand(estimate: dict[str, float]) -> dict[str, float]:
    return {end: value * 1000 for end, value in estimate.items()}


def _policy(policy: dict[str, Any]) -> dict[str, Any]:
    gain = policy.get("gain")
    more = _thousand(gain) if gain else {}
    spoken = f"{more['value']:+,.1f} ({more['low']:+,.1f} to {more['high']:+,.1f})" if more else ""
    label = f"“{policy['arm']}” to everybody" if policy["arm"] else "To each what is expected to do most"
    without = f"The same question asked without a model says {policy['weighted'] * 1000:,.1f}."
    told = {"without_model": without, "agree": policy.get("agree", True)}
    return {"label": label, "gain": spoken, **told, **_thousand(policy["value"])}


def _spoken(estimate: dict[str, float], is_binary: bool) -> str:
    value, low, high = (points(estimate[end], is_binary=is_binary, sign=True) for end in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


@dataclass(frozen=True)
class TrialLine:
    """A trial in the list, and what it says in a few words."""

    trial: Trial
    says: str


def trial_lines(trials: Sequence[Trial]) -> list[TrialLine]:
    """What each trial of a page says."""
    return [TrialLine(trial, _says(trial)) for trial in trials]


def _says(trial: Trial) -> str:
    if trial.results.get("sample_ratio", {}).get("is_broken"):
        return "Groups are not as large as planned; nothing is read out."
    opened = [one["arm"] for one in trial.readouts if one["is_open"]]
    if opened:
        return f"Choosing people pays for {', '.join(f'“{arm}”' for arm in opened)}."
    if trial.readouts:
        return "Choosing people shows no measurable gain."
    return "What it changed is known." if trial.results.get("arms") else "Nothing yet."


def trial_rejections(trial: Trial) -> QuerySet[TrialRejection]:
    """The rows of the file that were not taken, in its order."""
    return trial.rejections.order_by("line", "column")
