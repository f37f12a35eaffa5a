"""A rehearsed campaign whose customers' chances are known, so that its pilot and what follows have a known answer."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
from scipy.special import expit, logit

from campaigns.engine.campaign_effect import CampaignEffect
from campaigns.engine.simulation import Assumptions, Plan, RedemptionCounts, simulate, stream
from campaigns.engine.support import Support
from campaigns.models import Audience, AudienceMember, Campaign, Redemption, Simulation
from campaigns.services.simulations import write_down
from loyalty.models import Customer
from tests.rows import make_campaign, make_offer, make_version

AT = datetime(2024, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
EFFECT = CampaignEffect(mean=-0.1, sd=0.4, n_campaigns=12)
MONEY = Assumptions(cost_per_contact=0.1, cost_per_redemption=0.5, revenue_per_redemption=4.0, margin_share=0.3)


def rehearse(n: int, *, seed: int = 1, kind: str = "best") -> Simulation:
    """A draft for `n` customers, forecast from their planted log-odds."""
    logits = np.sort(np.random.default_rng(seed).normal(-1.5, 1.0, n))[::-1]
    campaign = _campaign(seed)
    version = make_version(700 + seed)
    audience = Audience.objects.create(
        name=f"The {n} best", kind=kind, rule={"kind": kind}, as_of=AT, made_for=campaign, model_version=version,
        seed=seed, created_at=AT,
    )  # fmt: skip
    _add_members(audience, logits, seed)
    Campaign.objects.filter(pk=campaign.pk).update(audience=audience, audience_rule={"kind": kind, "n": n})
    campaign.refresh_from_db()
    lines = {name: {"value": value, "source": "assumed", "note": "Assumed."} for name, value in vars(MONEY).items()}
    told = {"mean": EFFECT.mean, "sd": EFFECT.sd, "n_campaigns": EFFECT.n_campaigns}
    simulation = Simulation.objects.create(
        campaign=campaign, audience=audience, model_version=version, as_of=AT, seed=seed,
        assumptions=lines, evidence={"experience": told, "campaign_effect": told}, created_at=AT,
    )  # fmt: skip
    counts = RedemptionCounts(np.array([1, 2]), np.array([0.7, 0.3]))
    plan = Plan(logits, EFFECT, counts, MONEY)
    write_down(simulation, plan, simulate(plan, stream(seed, "forecast")), Support(()))
    return simulation


def _campaign(seed: int) -> Campaign:
    campaign = make_campaign(seed, make_offer(700 + seed), name=f"Rehearsed {seed}", cost_per_contact=Decimal("0.10"))
    campaign.starts_at, campaign.ends_at = AT + 30 * DAY, AT + 51 * DAY
    campaign.save()
    return campaign


def _add_members(audience: Audience, logits: np.ndarray, seed: int) -> None:
    customers = Customer.objects.bulk_create(Customer(external_id=f"r{seed}-{n}") for n in range(len(logits)))
    AudienceMember.objects.bulk_create(
        AudienceMember(audience=audience, customer=customer, position=place, score=chance)
        for place, (customer, chance) in enumerate(zip(customers, expit(logits + EFFECT.mean), strict=True), start=1)
    )


def send(campaign: Campaign, *, effect: float, seed: int = 2) -> int:
    """Send a campaign in whose world everybody's log-odds are shifted by `effect`. Returns how many took it."""
    rng = np.random.default_rng(seed)
    members = list(campaign.audience.members.order_by("position"))
    chances = expit(logit([member.score for member in members]) - EFFECT.mean + effect)
    takers = [member for member, chance in zip(members, chances, strict=True) if rng.random() < chance]
    offer = campaign.offers.get()
    Redemption.objects.bulk_create(
        Redemption(campaign=campaign, offer=offer, customer_id=member.customer_id, redeemed_at=campaign.starts_at + DAY)
        for member in takers
    )
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.COMPLETED)
    return len(takers)
