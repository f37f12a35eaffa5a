"""What it takes to rehearse a campaign for a million customers: features and scores in parts, then the simulation.

Real rows in real tables: five orders of two lines for each customer, twelve past campaigns sent to 20,000 of them each.
"""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import connection

from campaigns.management.benchmarks.measuring import Measurement, Watch, watched
from campaigns.management.benchmarks.rules import AS_OF, BARE, INDEXED, N_CUSTOMERS, SHOP
from campaigns.models import Audience, Campaign, CampaignOffer, Offer, OfferProduct, Simulation
from campaigns.queries.scenarios import base_of
from campaigns.services.audiences import choose
from campaigns.services.learning import LEARNING_SEED
from campaigns.services.scenario_runs import simulate_scenarios
from campaigns.services.scenarios import ScenarioPlan, add_scenario, change_money
from campaigns.services.scored_parts import begin_scoring, joined, parts_of, score_part, scoring_steps
from campaigns.services.simulations import simulate_campaign
from loyalty.models import Product
from loyalty.services.progress import QuietProgress

N_CAMPAIGNS, N_SENT = 12, 20_000
WINDOW = timedelta(days=21)
OPENED = datetime(2023, 7, 1, tzinfo=UTC)
QUIET = QuietProgress()
SENT = f"""
INSERT INTO campaigns_audiencemember (audience_id, customer_id, reason, channel)
SELECT %(audience)s, id, '', '' FROM (
    SELECT id, row_number() OVER (ORDER BY id) AS place FROM loyalty_customer
) c WHERE (place * 7919 + %(number)s * 104729) %% {N_CUSTOMERS} < {N_SENT};
INSERT INTO campaigns_redemption (campaign_id, offer_id, customer_id, redeemed_at)
SELECT %(campaign)s, %(offer)s, customer_id, %(starts_at)s::timestamptz + (customer_id %% 20) * interval '1 day'
FROM campaigns_audiencemember
WHERE audience_id = %(audience)s AND (customer_id * 31 + %(number)s) %% (6 + customer_id %% 9) = 0
"""  # noqa: S608 - our own numbers


def rehearse_million() -> list[Measurement]:
    """Every step of the job in this one process, as one worker would do them: more workers share the parts."""
    _open_shop()
    bare = _bare_seconds()
    planned = _campaign("Next", AS_OF + timedelta(days=9), audience_rule={"kind": Audience.Kind.BEST, "n": 100_000})
    first, *parts = scoring_steps(campaign=planned, as_of=AS_OF)
    about = parts_of(first.params)
    with watched() as learning:
        begin_scoring(about=first.params, at=AS_OF, report=QUIET)
    with watched() as scoring:
        n_scored = sum(score_part(about=part.params, report=QUIET)["n_customers"] for part in parts)
    with watched() as joining:
        scored = joined(about=about)
    with watched() as finding:
        choose(scored, planned.audience_rule)
    del scored
    with watched() as simulating:
        made = simulate_campaign(campaign=planned, at=AS_OF, seed=LEARNING_SEED, report=QUIET, parts=about)
    comparing, choosing = _compared(made)
    beside = f"reading the orders and lines once: {bare:.1f} s"
    steps = {
        "learn": learning, "score": scoring, "join": joining, "findings": finding, "simulate": simulating,
        "compare_money": comparing, "compare_people": choosing,
    }  # fmt: skip
    whole = learning.seconds + scoring.seconds + simulating.seconds
    return [
        *(_measured(f"rehearse_million_{name}", watch, beside, bare) for name, watch in steps.items()),
        Measurement(
            "rehearse_million", round(whole, 1), "s",
            f"{beside}; {n_scored / scoring.seconds:,.0f} customers scored a second", round(whole / bare, 2),
            max(watch.peak_mb for watch in steps.values()), max(watch.own_mb for watch in steps.values()),
        ),
    ]  # fmt: skip


def _measured(name: str, watch: Watch, beside: str, bare: float) -> Measurement:
    ratio = round(watch.seconds / bare, 3)
    return Measurement(name, round(watch.seconds, 2), "s", beside, ratio, watch.peak_mb, watch.own_mb)


def _compared(made: Simulation) -> tuple[Watch, Watch]:
    """A plan with another benefit and other money, at once; one that reaches other people, everybody scored again."""
    base = base_of(made)
    assert base is not None
    by = User.objects.create_superuser("bench")
    same = ScenarioPlan("Deeper", base.starts_at, base.ends_at, base.audience_rule, benefit_percent=Decimal(20))
    with watched() as comparing:
        add_scenario(simulation=made, plan=same, by=by, at=AS_OF)
    change_money(scenario=base, name="Dearer", money={"cost_per_contact": 0.2}, by=by, at=AS_OF)
    others = replace(same, name="Fewer", audience_rule={"kind": Audience.Kind.BEST, "n": 50_000})
    add_scenario(simulation=made, plan=others, by=by, at=AS_OF)
    with watched() as choosing:
        simulate_scenarios(simulation=made, at=AS_OF, report=QUIET)
    return comparing, choosing


def _open_shop() -> None:
    with connection.cursor() as cursor:
        for statement in (BARE, SHOP, INDEXED):
            cursor.execute(statement)
        for number in range(N_CAMPAIGNS):
            starts_at = OPENED + timedelta(days=60 + 24 * number)
            campaign = _campaign(f"Past {number}", starts_at, state=Campaign.State.COMPLETED)
            audience = Audience.objects.create(name=campaign.name, kind="imported", as_of=starts_at, created_at=OPENED)
            Campaign.objects.filter(pk=campaign.pk).update(audience=audience)
            offer = campaign.offers.get()
            about = {"audience": audience.pk, "campaign": campaign.pk, "offer": offer.pk}
            cursor.execute(SENT, {**about, "number": number, "starts_at": starts_at})
        cursor.execute("ANALYZE")


def _campaign(name: str, starts_at: datetime, **values: object) -> Campaign:
    given = {"type": "Type A", "currency": "USD", "created_at": OPENED, "ends_at": starts_at + WINDOW}
    campaign = Campaign.objects.create(name=name, starts_at=starts_at, **{**given, **values})
    offer = Offer.objects.create(external_id=name, name=name, mechanic="coupon", currency="USD")
    OfferProduct.objects.create(offer=offer, product=Product.objects.order_by("pk")[0])
    CampaignOffer.objects.create(campaign=campaign, offer=offer)
    return campaign


def _bare_seconds() -> float:
    """What nobody can do without: every order with its lines, added up by customer."""
    with connection.cursor() as cursor:
        began = time.perf_counter()
        cursor.execute(
            "SELECT count(*), sum(spend) FROM (SELECT o.customer_id, sum(l.amount) AS spend FROM loyalty_order o "
            "JOIN loyalty_orderline l ON l.order_id = o.id WHERE o.ordered_at < %s GROUP BY o.customer_id) c",
            [AS_OF],
        )
        return time.perf_counter() - began
