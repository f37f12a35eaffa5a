"""One of the compared scenarios is applied: the draft campaign becomes what was simulated."""

import uuid
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.models import Campaign, CampaignOffer, Offer, OfferProduct, Scenario
from campaigns.queries.pilots import n_also_in_pilot
from campaigns.queries.scenarios import base_of
from campaigns.services.campaigns import CampaignInvalid, CampaignPlan, held_in
from campaigns.services.plans import change_problems
from campaigns.services.scenarios import YOURS
from loyalty.services.trail import because

State = Campaign.State
MOST_OFFERS = 500
MONEY_PLACES = {"cost_per_contact": Decimal("0.0001"), "margin_share": Decimal("0.001")}
CENT = Decimal("0.01")


@transaction.atomic
def apply_scenario(*, scenario: Scenario, by: User, at: datetime) -> Campaign:
    """Write a scenario's benefit, dates, audience and money into its draft campaign. Raises CampaignInvalid."""
    campaign = held_in(scenario.simulation.campaign, State.DRAFT, "changed")
    if not scenario.is_made:
        raise CampaignInvalid("scenario", f"“{scenario.name}” is not simulated yet. Wait for its forecast first.")
    for problem in change_problems(_becomes(campaign, scenario)):
        raise problem
    with because(f"Applied the scenario “{scenario.name}” of rehearsal {scenario.simulation_id}"):
        _write(campaign, scenario)
        if _has_own_benefit(scenario):
            _give(campaign, scenario)
        Scenario.objects.filter(simulation=scenario.simulation_id).exclude(applied_at=None).update(applied_at=None)
        Scenario.objects.filter(pk=scenario.pk).update(applied_at=at)
    return campaign


def _becomes(campaign: Campaign, scenario: Scenario) -> CampaignPlan:
    return CampaignPlan(
        name=campaign.name,
        type=campaign.type,
        starts_at=scenario.starts_at,
        ends_at=scenario.ends_at,
        currency=campaign.currency,
        offer_ids=tuple(campaign.offers.values_list("pk", flat=True)),
        audience_rule=scenario.audience_rule,
        cost_per_contact=_money(campaign.cost_per_contact, scenario, "cost_per_contact"),
        margin_share=_money(campaign.margin_share, scenario, "margin_share"),
        budget=campaign.budget,
    )


def _money(usual: Decimal | None, scenario: Scenario, name: str) -> Decimal | None:
    """What was said for this scenario; what the simulation only assumed is not written down as if somebody said it."""
    line = scenario.assumptions[name]
    return Decimal(str(line["value"])).quantize(MONEY_PLACES[name]) if line["source"] == YOURS else usual


def _write(campaign: Campaign, scenario: Scenario) -> None:
    plan, base = _becomes(campaign, scenario), base_of(scenario.simulation)
    same_people = base is not None and base.audience_rule == scenario.audience_rule
    campaign.starts_at, campaign.ends_at = plan.starts_at, plan.ends_at
    campaign.cost_per_contact, campaign.margin_share = plan.cost_per_contact, plan.margin_share
    campaign.audience_rule = dict(scenario.audience_rule)
    # People who were not picked for this plan are not its audience; the next rehearsal freezes those who are, and
    # leaves out who got the pilot.
    stays = same_people and not n_also_in_pilot(campaign, scenario.simulation.audience_id)
    campaign.audience = scenario.simulation.audience if stays else None
    fields = ["starts_at", "ends_at", "cost_per_contact", "margin_share", "audience_rule", "audience"]
    campaign.save(update_fields=fields)


def _has_own_benefit(scenario: Scenario) -> bool:
    said = scenario.benefit_percent is not None or scenario.benefit_amount is not None
    return said or scenario.assumptions["cost_per_redemption"]["source"] == YOURS


def _give(campaign: Campaign, scenario: Scenario) -> None:
    """Offers with the scenario's benefit in place of the old ones, which other campaigns may make as well."""
    old = list(campaign.offers.order_by("pk")[: MOST_OFFERS + 1])
    if len(old) > MOST_OFFERS:
        raise CampaignInvalid("offers", f"It makes more than {MOST_OFFERS} offers. Change their benefit one by one.")
    new = Offer.objects.bulk_create([_offer(offer, scenario) for offer in old])
    taken = {offer.pk: made.pk for offer, made in zip(old, new, strict=True)}
    products = OfferProduct.objects.filter(offer__in=taken).order_by("id").values_list("offer_id", "product_id")
    OfferProduct.objects.bulk_create(
        (OfferProduct(offer_id=taken[offer_id], product_id=product_id) for offer_id, product_id in products),
        batch_size=5_000,
    )
    CampaignOffer.objects.filter(campaign=campaign).delete()
    CampaignOffer.objects.bulk_create(CampaignOffer(campaign=campaign, offer=offer) for offer in new)


def _offer(offer: Offer, scenario: Scenario) -> Offer:
    percent, amount = scenario.benefit_percent, scenario.benefit_amount
    is_changed = percent is not None or amount is not None
    mechanic = offer.mechanic
    if is_changed and mechanic in (Offer.Mechanic.PERCENT_OFF, Offer.Mechanic.AMOUNT_OFF):
        mechanic = Offer.Mechanic.PERCENT_OFF if percent is not None else Offer.Mechanic.AMOUNT_OFF
    return Offer(
        external_id=f"own-{uuid.uuid4()}",
        name=f"{offer.name} ({scenario.name})"[:200],
        code=offer.code,
        mechanic=mechanic,
        benefit_percent=percent if is_changed else offer.benefit_percent,
        benefit_amount=amount if is_changed else offer.benefit_amount,
        cost_per_redemption=Decimal(str(scenario.assumptions["cost_per_redemption"]["value"])).quantize(CENT),
        currency=offer.currency,
        valid_from=offer.valid_from,
        valid_until=offer.valid_until,
        new_product_id=offer.new_product_id,
        cap_total=offer.cap_total,
        cap_per_customer=offer.cap_per_customer,
        is_paused=offer.is_paused,
    )
