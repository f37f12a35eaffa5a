"""Whether customers are, or may be, ranked by what a campaign changes, and what to tell people if not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.engine.uplift.words import points, points_between
from campaigns.models import Audience, Trial, UpliftModel
from campaigns.queries.trial_words import steady_words
from campaigns.queries.trials import ranking_models

RESPONSE_NOT_UPLIFT = "This ranks people by how likely they are to respond, not by what the campaign changes."
NO_TRIAL = (
    f"{RESPONSE_NOT_UPLIFT} Those who are likeliest to respond are often those who would have bought anyway. No "
    "finished trial of your own customers tells the two apart."
)


@dataclass(frozen=True)
class UpliftVerdict:
    """By what people are ranked, and whether they may be ranked by what a campaign changes."""

    may_rank_by_uplift: bool
    title: str
    sentence: str
    trial: Trial | None


def uplift_verdict(audience: Audience | None = None) -> UpliftVerdict:
    """What is known, from trials of the shop's own customers, of whom a campaign changes.

    With an audience, by what its people were ranked.
    """
    changed = audience.findings.get("changed") if audience is not None else None
    if changed:
        trial = Trial.objects.filter(pk=changed["trial_id"]).only("id", "name").first()
        return UpliftVerdict(True, "Ranked by what it changes, not by response", changed_sentence(changed), trial)
    model = ranking_models().first()
    if model is not None:
        return _open(model)
    own = Trial.objects.filter(state=Trial.State.DONE, n_customers__gt=0).defer("plan").order_by("-id").first()
    if own is None:
        return UpliftVerdict(False, "Response, not uplift", NO_TRIAL, None)
    return UpliftVerdict(False, "Response, not uplift", f"{RESPONSE_NOT_UPLIFT} {why_closed(own)}", own)


def _open(model: UpliftModel) -> UpliftVerdict:
    sentence = (
        f"{RESPONSE_NOT_UPLIFT} In the trial “{model.trial}” your customers differed in what “{model.arm}” changed, "
        "and choosing among them paid: a campaign may be ranked by that instead."
    )
    return UpliftVerdict(True, "Response, not uplift", sentence, model.trial)


def why_closed(trial: Trial) -> str:
    """Why customers cannot be ranked by what this trial says."""
    models = list(trial.uplift_models.filter(is_current=True).defer("arrays", "params"))
    if any(model.is_open for model in models):
        return f"The trial “{trial}” could rank them once somebody says what one outcome is worth."
    if models:
        return (
            f"In the trial “{trial}” choosing among your customers showed no measurable gain, so sending to as many as "
            "pay is as good."
        )
    why_not = trial.results.get("ranking", {}).get("why_not", "")
    return f"The trial “{trial}” cannot tell the two apart. {why_not}".strip()


def changed_sentence(changed: Mapping[str, Any]) -> str:
    """By what the people of an audience were ranked, what that is expected to bring, and who is unsure."""
    total = changed["total"]
    told = (
        f"These are the people whom “{changed['arm']}” is expected to change most, as {changed['n_learnt_from']:,} "
        f"customers in the trial “{changed['trial']}” tell. Expected of all of them together: {total['value']:,.0f} "
        f"more ({changed['outcome']}), 95%: {total['low']:,.0f} to {total['high']:,.0f}; one is counted as worth "
        f"{changed['worth']:,.2f}. Nobody is among them whom it is expected to change for the worse "
        f"({changed['n_left_alone']:,} are left alone)."
    )
    unsure = f" Of {changed['n_unsure']:,} it is not sure that it changes anything." if changed["n_unsure"] else ""
    unlike = f" {changed['n_unlike']:,} are unlike anybody in that trial." if changed["n_unlike"] else ""
    return f"{told}{unsure}{unlike} How many would take it, and profit by depth in a rehearsal, go by response."


@dataclass(frozen=True)
class RankingLine:
    """One message of a trial: whether the shop's customers may be ranked by what it changes."""

    arm: str
    is_open: bool
    sentence: str


def ranking_lines(trial: Trial) -> Sequence[RankingLine]:
    """What the trial's page says of ranking everybody; one line a message, none where nothing was learnt."""
    models = trial.uplift_models.filter(is_current=True).select_related("arm").defer("arrays", "params")
    return [RankingLine(model.arm.name, model.is_open, _ranking_sentence(model)) for model in models.order_by("arm")]


def _ranking_sentence(model: UpliftModel) -> str:
    if not model.is_open:
        return (
            f"By what the shop knows of its customers, choosing among them for “{model.arm}” shows no measurable gain. "
            "Campaigns are ranked by response."
        )
    found, group = model.findings, model.findings["group"]
    most = ""
    if group:
        told, is_binary = group["effect"], found["is_binary"]
        effect = points(told["value"], is_binary=is_binary, sign=True)
        sure = points_between(told["low"], told["high"], is_binary=is_binary)
        most = f" Most is changed among those who {steady_words(group)}: {effect} ({sure})."
    return f"A campaign may be ranked by what “{model.arm}” changes.{most}"
