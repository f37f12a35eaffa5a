"""An audience as a person reads it: sentences, tables and charts made of what was found when it was frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import BigIntegerField, QuerySet
from django.db.models.functions import Coalesce

from campaigns.charts.audience_effects import changed_chart
from campaigns.charts.audiences import FALLEN, apart_chart, shares_chart, waterfall_chart
from campaigns.engine.audience.fairness import FEWEST
from campaigns.models import Audience, AudienceMember
from campaigns.queries.counts import count_members
from campaigns.queries.reach import TRAITS
from campaigns.queries.simulation_pages import currency_sign
from loyalty.charts import Chart
from loyalty.models import Job

TASK = "campaigns.rebuild_audience"
RULES_SHOWN = 6
UNKNOWN = "Not known"
# Where people are ranked by what a message changes in them, two gates stand for something else.
FALLEN_BY_EFFECT = {
    "NOT_ASKED_FOR": "It changes them for the worse, or not at all",
    "NOT_WORTH_IT": "Others are changed more, or they do not pay back",
}


def audience_list(*, text: str = "") -> QuerySet[Audience]:
    """Audiences made here, with `n_members`, newest first."""
    made = Audience.objects.filter(made_for__isnull=False).select_related("made_for")
    found = made.annotate(n_members=count_members("pk"))
    return found.filter(made_for__name__icontains=text) if text else found


def audience_page(pk: int) -> Audience | None:
    found = Audience.objects.select_related("made_for", "model_version").annotate(n_members=count_members("pk"))
    return found.filter(pk=pk).first()


def audience_people(audience: Audience) -> QuerySet[Any]:
    """In the order of `place`: best first, else as they came."""
    place = Coalesce("position", "id", output_field=BigIntegerField())
    return AudienceMember.objects.filter(audience=audience).select_related("customer").annotate(place=place)


@dataclass(frozen=True)
class Rule:
    """One kind of customer who is in it."""

    sentence: str
    share: float
    n: int


@dataclass(frozen=True)
class Left:
    """A kind of customer who is left behind: four-fifths of the best served kind is the measure."""

    trait: str
    value: str
    share: float
    ratio: float
    n: int


@dataclass(frozen=True)
class Alike:
    """How well people like those on a list are told from others."""

    seeds: str
    n_seeds: int
    n_unknown: int
    is_learnt: bool
    serving: Mapping[str, float]
    plain: Mapping[str, float]


@dataclass(frozen=True)
class AudiencePage:
    """Everything the page of an audience shows besides the people themselves."""

    is_ranked: bool
    n_everybody: int
    n_allowed: int
    rules: Sequence[Rule]
    description: Mapping[str, Any]
    left_behind: Sequence[Left]
    charts: Mapping[str, Chart]
    shares: Sequence[Chart]
    equal: Mapping[str, Any] | None
    alike: Alike | None
    changed: Mapping[str, Any] | None
    advice_title: str
    advice_reason: str
    currency: str

    @property
    def n_rules_hidden(self) -> int:
        return max(len(self.description.get("rules", [])) - RULES_SHOWN, 0)


def audience_page_parts(audience: Audience) -> AudiencePage:
    found = audience.findings
    title, _, reason = audience.advice.partition(": ")
    n_members: int = audience.n_members  # type: ignore[attr-defined]
    return AudiencePage(
        # Whoever a finished campaign brought along was sent to, and by nobody's chances.
        is_ranked=AudienceMember.objects.filter(audience=audience, score__isnull=False).exists(),
        n_everybody=found.get("n_everybody", 0),
        n_allowed=found.get("n_allowed", 0),
        rules=_rules(found.get("description", {})),
        description=found.get("description", {}),
        left_behind=_left_behind(found.get("fairness", {})),
        charts=_charts(audience, n_members),
        shares=_shares(audience),
        equal=found.get("equal"),
        alike=_alike(found.get("alike")),
        changed=found.get("changed"),
        advice_title=title,
        advice_reason=reason,
        currency=audience.made_for.currency if audience.made_for else settings.DEFAULT_CURRENCY,
    )


def _rules(description: Mapping[str, Any]) -> list[Rule]:
    return [
        Rule(_sentence(rule["words"]), rule["share"], rule["n"]) for rule in description.get("rules", [])[:RULES_SHOWN]
    ]


def _sentence(words: Sequence[str]) -> str:
    told = ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else "".join(words)
    return told[:1].upper() + told[1:]


def _left_behind(fairness: Mapping[str, Any]) -> list[Left]:
    found = [
        Left(TRAITS.get(trait, trait), group["value"] or UNKNOWN, group["share"], group["ratio"], group["n"])
        for trait, groups in fairness.items()
        for group in groups
        if group["is_flagged"]
    ]
    return sorted(found, key=lambda left: left.ratio)


def _charts(audience: Audience, n_members: int) -> dict[str, Chart]:
    found = audience.findings
    charts = {}
    if found.get("waterfall"):
        words = {**FALLEN, **FALLEN_BY_EFFECT} if found.get("changed") else FALLEN
        steps = [(words[step["stop"]], step["out"], step["left"]) for step in found["waterfall"]]
        charts["waterfall"] = waterfall_chart(steps, n_everybody=found["n_everybody"], as_of=audience.as_of)
    if found.get("changed"):
        sign = currency_sign(audience.made_for.currency if audience.made_for else settings.DEFAULT_CURRENCY)
        charts["changed"] = changed_chart(found["changed"], n_members=n_members, sign=sign, as_of=audience.as_of)
    if found.get("apart") and n_members < found["n_allowed"]:
        charts["apart"] = apart_chart(found["apart"], as_of=audience.as_of)
    return charts


def _shares(audience: Audience) -> list[Chart]:
    """A chart for each trait of which anything is known."""
    return [
        shares_chart(TRAITS.get(trait, trait), groups, fewest=FEWEST, as_of=audience.as_of)
        for trait, groups in audience.findings.get("fairness", {}).items()
        if any(group["value"] for group in groups)
    ]


def _alike(found: Mapping[str, Any] | None) -> Alike | None:
    if not found:
        return None
    serving = found["learnt"] if found["is_learnt"] else found["plain"]
    return Alike(found["seeds"], found["n_seeds"], found["n_unknown"], found["is_learnt"], serving, found["plain"])


def newest_rebuild(audience: Audience) -> Job | None:
    """The job that last built this audience again, for comparison."""
    return Job.objects.filter(task=TASK, params__audience_id=audience.pk).order_by("-id").first()
