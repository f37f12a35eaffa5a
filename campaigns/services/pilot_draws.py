"""Draw a pilot: some people of a rehearsed audience get the campaign first, the others wait for what it tells."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from campaigns.engine.pilot import LARGEST_SHARE
from campaigns.engine.pilot_draw import draw_evenly
from campaigns.engine.simulation import stream
from campaigns.models import Audience, Campaign, CampaignOffer, Pilot, Simulation
from campaigns.queries.pilots import Members, members_of, open_pilot
from campaigns.services.campaigns import CampaignInvalid, held_in, own_reference
from campaigns.services.pilots import PilotInvalid
from campaigns.services.plans import LONGEST, LONGEST_WINDOW
from loyalty.services.jobs import one_at_a_time
from loyalty.services.trail import because

Kind, State = Audience.Kind, Campaign.State
# Both lists keep what was said of each person: only the place is counted anew.
COPY_MEMBERS = """
INSERT INTO campaigns_audiencemember (audience_id, customer_id, position, score, score_low, score_high,
    expected_profit, expected_effect, effect_low, effect_high, reason, channel, propensity)
SELECT %(to)s, customer_id, row_number() OVER (ORDER BY position, id), score, score_low, score_high,
    expected_profit, expected_effect, effect_low, effect_high, reason, channel, %(propensity)s
FROM campaigns_audiencemember
WHERE audience_id = %(source)s AND (customer_id = ANY(%(drawn)s)) = %(is_drawn)s
"""


@dataclass(frozen=True)
class PilotPlanned:
    """How many customers get it first, and when they can take it."""

    n: int
    starts_at: datetime
    ends_at: datetime


@transaction.atomic
def draw_pilot(*, simulation: Simulation, plan: PilotPlanned, by: User, at: datetime) -> Pilot:
    """Make a campaign for `plan.n` people of this simulation, drawn at random; the campaign itself keeps the others.

    Drawn again for as many, it is found and not made twice. Raises PilotInvalid.
    """
    one_at_a_time(f"pilot of campaign {simulation.campaign_id}")
    there = open_pilot(simulation.campaign_id)
    if there is not None:
        return _same(there, simulation, plan)
    campaign = _held(simulation)
    source = members_of(simulation.audience_id)
    for problem in _problems(simulation, source, plan):
        raise problem
    draw = _Draw(simulation, source.n, drawn_members(source, plan.n, simulation.seed), at)
    with because(f"Drew a pilot of {plan.n:,} customers from rehearsal {simulation.pk}"):
        made = _campaign(campaign, plan, by, at)
        _freeze_pilot(made, draw)
        rest = _freeze_rest(campaign, draw)
        return Pilot.objects.create(
            of=campaign, simulation=simulation, campaign=made, rest=rest, seed=simulation.seed, drawn_by=by, drawn_at=at
        )


@transaction.atomic
def call_off_pilot(*, pilot: Pilot, by: User, at: datetime) -> Pilot:
    """Cancel a pilot that was not sent; its people belong to the campaign again. Raises PilotInvalid."""
    one_at_a_time(f"pilot of campaign {pilot.of_id}")
    try:
        made = held_in(pilot.campaign, State.DRAFT, "called off")
    except CampaignInvalid as problem:
        raise PilotInvalid("n", problem.sentence) from problem
    with because(f"Called off the pilot “{made}”"):
        made.state = State.CANCELLED
        made.save(update_fields=["state"])
        source = pilot.simulation.audience
        # Only where the campaign still has what the drawing left to it.
        mine = Campaign.objects.filter(pk=pilot.of_id, state=State.DRAFT, audience=pilot.rest)
        mine.update(audience=source, audience_rule={**source.rule, "kind": source.kind})
        Pilot.objects.filter(pk=pilot.pk, called_off_at=None).update(called_off_at=at)
    pilot.refresh_from_db()
    return pilot


def drawn_members(source: Members, n: int, seed: int) -> list[int]:
    """Who of an audience gets its pilot: the same people from the same seed."""
    rows = draw_evenly(source.scores, n, stream(seed, "pilot audience"))
    found: list[int] = source.customer_ids[rows].tolist()
    return found


def _same(there: Pilot, simulation: Simulation, plan: PilotPlanned) -> Pilot:
    if there.simulation_id == simulation.pk and members_of(there.campaign.audience_id or 0).n == plan.n:
        return there
    sentence = f"This campaign has a pilot already, “{there.campaign}”. Call it off before you draw another."
    raise PilotInvalid("n", sentence)


def _held(simulation: Simulation) -> Campaign:
    try:
        campaign = held_in(simulation.campaign, State.DRAFT, "tried on a few first")
    except CampaignInvalid as problem:
        raise PilotInvalid("n", problem.sentence) from problem
    if Pilot.objects.filter(campaign=campaign, called_off_at=None).exists():
        raise PilotInvalid("n", "This campaign is a pilot itself. Draw another from the campaign it was drawn for.")
    if campaign.audience_id != simulation.audience_id:
        sentence = "The people of this campaign are others since. Rehearse it again, then draw the pilot from that."
        raise PilotInvalid("n", sentence)
    return campaign


def _problems(simulation: Simulation, source: Members, plan: PilotPlanned) -> Iterator[PilotInvalid]:
    yield from _size_problems(source, plan)
    yield from _window_problems(simulation, plan)


def _size_problems(source: Members, plan: PilotPlanned) -> Iterator[PilotInvalid]:
    most = int(LARGEST_SHARE * source.n)
    if not source.n or not source.has_scores:
        yield PilotInvalid("n", "Nobody knows how likely these people are. Rehearse the campaign first.")
    elif most < 1:
        yield PilotInvalid("n", "These are too few customers to try it on some of them first.")
    elif not 1 <= plan.n <= most:
        yield PilotInvalid("n", f"Draw 1 to {most:,} customers: at most half of the {source.n:,} it goes to.")


def _window_problems(simulation: Simulation, plan: PilotPlanned) -> Iterator[PilotInvalid]:
    campaign, known_until = simulation.campaign, simulation.as_of
    if plan.ends_at <= plan.starts_at:
        yield PilotInvalid("ends_at", "The last day must not be before the first day.")
    elif plan.ends_at - plan.starts_at > LONGEST_WINDOW:
        yield PilotInvalid("ends_at", f"A campaign runs for at most {LONGEST_WINDOW.days} days. End it earlier.")
    if plan.starts_at < known_until:
        day = timezone.localdate(known_until)
        sentence = f"This rehearsal knows what happened until {day:%Y-%m-%d}. Begin the pilot after that day."
        yield PilotInvalid("starts_at", sentence)
    elif plan.starts_at >= campaign.ends_at:
        yield PilotInvalid("starts_at", "A pilot comes first. Begin it before the campaign itself ends.")


def _campaign(campaign: Campaign, plan: PilotPlanned, by: User, at: datetime) -> Campaign:
    copied = ("goal", "type", "channel", "cost_per_contact", "margin_share", "currency")
    made = Campaign.objects.create(
        **{name: getattr(campaign, name) for name in copied},
        external_id=own_reference(),
        name=_name(campaign),
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        created_by=by,
        created_at=at,
    )
    offer_ids = campaign.campaign_offers.order_by("pk").values_list("offer_id", flat=True)
    CampaignOffer.objects.bulk_create(CampaignOffer(campaign=made, offer_id=offer_id) for offer_id in offer_ids)
    return made


def _name(campaign: Campaign) -> str:
    """Pilot of “…”, with a number where one of that name was called off."""
    n_before = Pilot.objects.filter(of=campaign).count()
    number = f" {n_before + 1}" if n_before else ""
    room = LONGEST["name"] - len(f"Pilot{number} of “”")
    return f"Pilot{number} of “{campaign.name[:room]}”"


@dataclass(frozen=True)
class _Draw:
    """What was drawn out of the audience of a simulation."""

    simulation: Simulation
    n_customers: int
    drawn: list[int]
    at: datetime

    @property
    def n(self) -> int:
        return len(self.drawn)


def _freeze_pilot(made: Campaign, draw: _Draw) -> None:
    source = draw.simulation.audience
    rule = {"kind": str(Kind.PILOT), "audience_id": source.pk, "n": draw.n}
    frozen = _audience(made, draw, f"{draw.n:,} people drawn from “{source.name}”", rule)
    _copy(draw, frozen, is_drawn=True, propensity=draw.n / draw.n_customers)
    _give(made, frozen)


def _freeze_rest(campaign: Campaign, draw: _Draw) -> Audience:
    source = draw.simulation.audience
    rule: dict[str, Any] = {**source.rule, "kind": source.kind}
    if source.kind in (Kind.BEST, Kind.LOOKALIKE):
        # As many again would be found otherwise, and the pilot's people come on top.
        rule["n"] = draw.n_customers - draw.n
    rest = _audience(campaign, draw, f"{source.name}, without the pilot", rule)
    _copy(draw, rest, is_drawn=False, propensity=None)
    _give(campaign, rest)
    return rest


def _give(campaign: Campaign, audience: Audience) -> None:
    campaign.audience, campaign.audience_rule = audience, audience.rule
    campaign.save(update_fields=["audience", "audience_rule"])


def _audience(campaign: Campaign, draw: _Draw, name: str, rule: dict[str, Any]) -> Audience:
    source = draw.simulation.audience
    return Audience.objects.create(
        name=name[:200],
        kind=rule["kind"],
        rule=rule,
        as_of=source.as_of,
        made_for=campaign,
        model_version=source.model_version,
        seed=draw.simulation.seed,
        created_at=draw.at,
    )


def _copy(draw: _Draw, to: Audience, *, is_drawn: bool, propensity: float | None) -> None:
    given: dict[str, Any] = {"source": draw.simulation.audience_id, "to": to.pk, "drawn": draw.drawn}
    with connection.cursor() as cursor:
        cursor.execute(COPY_MEMBERS, {**given, "is_drawn": is_drawn, "propensity": propensity})
