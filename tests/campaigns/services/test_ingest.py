"""Offers, campaigns, who was sent what and who took it, by the same way in as customers and orders."""

from datetime import UTC, datetime

import pytest

from campaigns.models import Audience, Campaign, CampaignOffer, Offer, OfferProduct, Redemption
from loyalty.models import Customer, Product
from loyalty.services.ingest import Options, from_table, ingest_rows, kind_named, kinds, start_run
from loyalty.services.progress import QuietProgress
from tests.worlds import text_table

pytestmark = pytest.mark.django_db


@pytest.fixture
def bring(at):
    def bring_in(kind_name, *rows, **options):
        kind, chosen = kind_named(kind_name), Options(at=at, source="old tool", zone="America/New_York", **options)
        run = start_run(kind=kind, options=chosen, by=None)
        rows = from_table(kind, text_table(*rows))
        report = ingest_rows(run=run, kind=kind, rows=rows, options=chosen, report=QuietProgress())
        refusals = list(run.rejected_rows.order_by("line").values_list("line", "column", "reason"))
        return (report.n_created, report.n_updated, report.n_unchanged, report.n_rejected), refusals

    return bring_in


def offer(offer_id="F1", **more):
    return {"offer_id": offer_id, "name": "1.00 off tea", "mechanic": "coupon", **more}


def campaign(campaign_id="S1", **more):
    dates = {"starts_at": "2017-10-01", "ends_at": "2017-11-01"}
    return {"campaign_id": campaign_id, "name": "Spring", "type": "A", "state": "completed", **dates, **more}


@pytest.fixture
def sent(bring):
    Customer.objects.create(external_id="A")
    Customer.objects.create(external_id="B")
    bring("offers", offer())
    bring("campaigns", campaign(), campaign("S2"))


def test_the_app_tells_the_import_what_it_can_take_in():
    assert {"offers", "offer_products", "campaigns", "campaign_offers", "sends", "redemptions"} <= {
        kind.name for kind in kinds()
    }


def test_a_campaign_lasts_from_local_midnight(bring):
    assert bring("campaigns", campaign())[0] == (1, 0, 0, 0)

    found = Campaign.objects.get()
    assert found.starts_at == datetime(2017, 10, 1, 4, tzinfo=UTC)
    assert (found.created_at.year, found.channel) == (2017, "mail")
    assert bring("campaigns", campaign())[0] == (0, 0, 1, 0)


def test_a_campaign_that_ends_before_it_begins_is_refused(bring):
    counts, refusals = bring("campaigns", campaign(ends_at="2017-09-01"))

    assert counts == (0, 0, 0, 1)
    assert refusals == [(1, "ends_at", "The campaign would end before it begins. Set ends_at after starts_at.")]


def test_an_offer_that_ends_before_it_begins_is_refused(bring):
    _, refusals = bring("offers", offer(valid_from="2017-09-02", valid_until="2017-09-01"))

    assert [column for _, column, _ in refusals] == ["valid_until"]


def test_the_same_product_of_an_offer_twice_is_one(bring):
    bring("offers", offer())
    pair = {"offer_id": "F1", "sku": "1"}

    assert bring("offer_products", pair, pair, unknown_products="create")[0] == (1, 0, 1, 0)
    assert OfferProduct.objects.get().product.is_catalogued is False


def test_offers_of_campaigns_name_both(bring, sent):
    counts, refusals = bring(
        "campaign_offers", {"campaign_id": "S1", "offer_id": "F1"}, {"campaign_id": "S1", "offer_id": "F9"}
    )

    assert counts == (1, 0, 0, 1)
    assert refusals[0][2].startswith("There is no offer with this key.")
    assert CampaignOffer.objects.get().campaign.external_id == "S1"


def test_who_was_sent_a_campaign_becomes_its_audience_once(bring, sent):
    rows = [{"campaign_id": "S1", "customer_id": "A"}, {"campaign_id": "S1", "customer_id": "B"}]

    assert bring("sends", *rows)[0] == (2, 0, 0, 0)
    assert bring("sends", *rows)[0] == (0, 0, 2, 0)
    audience = Audience.objects.get()
    assert (audience.kind, audience.members.count()) == (Audience.Kind.IMPORTED, 2)
    assert audience.as_of == Campaign.objects.get(external_id="S1").starts_at
    assert Campaign.objects.get(external_id="S2").audience is None


def test_a_redemption_counts_once_a_moment(bring, sent):
    row = {"campaign_id": "S1", "offer_id": "F1", "customer_id": "A", "redeemed_at": "2017-10-05"}

    assert bring("redemptions", row, row, {**row, "customer_id": "X"})[0] == (1, 0, 1, 1)
    assert bring("redemptions", row, {**row, "redeemed_at": "2017-10-06"})[0] == (1, 0, 1, 0)
    assert Redemption.objects.count() == 2
    assert Offer.objects.get().redemptions.count() == 2
    assert Product.objects.count() == 0
