"""Pages of next best offers: who sees what, what becomes of offers, and why there is none."""

import csv
import io

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns.models import OfferAssignment, OfferPolicy
from loyalty.models import Consent, Customer, Job
from loyalty.services.staff import MARKETER, ensure_groups
from tests.rows import AT, fill, make_assignment, make_campaign, make_offer, make_product, make_round, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def logged_in(client, marketer):
    client.force_login(marketer)


@pytest.fixture
def given():
    """A campaign that gave out one offer to each of three customers, in a shop of a time gone by."""
    fill(1)
    campaign = make_campaign(30, make_offer(30, make_product(30)))
    made = make_round(campaign, "suggest", make_version(30))
    customers = [Customer.objects.create(external_id=f"g{number}", name=f"Guest {number}") for number in range(3)]
    for number, customer in enumerate(customers):
        make_assignment(made, campaign.offers.get(), customer, expected_value=1.0 + number)
        made.decisions.create(customer=customer, gates=[14], chances=[0.2], values=[1.0 + number])
    return made


def n_queries(client, url):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_queries_of_the_list_do_not_grow_with_its_rows(client):
    url = reverse("offer-assignments")
    fill(3)
    client.get(url)
    few = n_queries(client, url)
    fill(6)

    assert n_queries(client, url) == few


def test_queries_of_a_customers_pages_do_not_grow_with_their_offers(client, given):
    customer = Customer.objects.get(external_id="g0")
    urls = [customer.get_absolute_url(), reverse("customer-offers", args=[customer.pk])]
    few = [n_queries(client, url) and n_queries(client, url) for url in urls]
    for number in range(40, 44):
        campaign = make_campaign(number, make_offer(number))
        made = make_round(campaign, "suggest", given.model_version)
        make_assignment(made, campaign.offers.get(), customer)
        made.decisions.create(customer=customer, gates=[14], chances=[0.2], values=[1.0])

    assert [n_queries(client, url) for url in urls] == few


def test_the_list_says_what_they_are_worth_and_how_far_they_came(client, given):
    response = client.get(reverse("offer-assignments"), {"campaign": given.campaign_id})
    page = response.content.decode()

    assert [one.expected_value for one in response.context["page"].rows] == [3.0, 2.0, 1.0]
    assert "Of 3 suggested, 0 were accepted and 0 issued." in page
    assert "$0.50" in page
    assert "9 times in 10 between −$0.10 and $1.20" in page


@pytest.mark.parametrize(
    ("asked", "found"),
    [({"q": "g1"}, ["g1"]), ({"q": "Offer 30"}, ["g2", "g1", "g0"]), ({"status": "issued"}, []), ({"q": "\0"}, 4),
     ({"campaign": "x"}, 4), ({"sort": "nonsense", "page": "nonsense"}, 4)],
)  # fmt: skip
def test_the_list_is_filtered(client, given, asked, found):
    rows = client.get(reverse("offer-assignments"), asked).context["page"].rows

    keys = [one.customer.external_id for one in rows]
    assert (len(keys) if isinstance(found, int) else keys) == found


def test_the_export_holds_what_the_list_finds(client, given):
    response = client.get(reverse("offer-assignments"), {"format": "csv", "q": "g"})

    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert rows[0][:3] == ["Customer", "Offer id", "Offer"]
    assert [row[0] for row in rows[1:]] == ["g2", "g1", "g0"]


def decide(client, **asked):
    return client.post(reverse("offer-assignments-decide"), asked, follow=True).content.decode()


def test_ticked_offers_are_accepted_and_the_rest_waits(client, given):
    first = given.assignments.order_by("pk").first()

    page = decide(client, ids=[first.pk], to="accepted")

    assert "Accepted: 1 offer." in page
    assert sorted(given.assignments.values_list("status", flat=True)) == ["accepted", "suggested", "suggested"]
    assert given.assignments.get(status="accepted").decided_by.username == "marketer"


def test_all_that_match_are_decided_and_no_others(client, given):
    assert "Accepted: 3 offers." in decide(client, all="1", campaign=given.campaign_id, to="accepted")
    assert "Marked as issued: 3 offers." in decide(client, all="1", q="g", to="issued")
    assert "Nothing was changed: these offers were issued" in decide(client, all="1", q="g", to="withdrawn")
    assert OfferAssignment.objects.filter(status="suggested").count() == 1


@pytest.mark.parametrize(
    ("asked", "told"),
    [({"to": "accepted"}, "Tick at least one offer first."), ({"to": "x", "all": "1"}, "can be accepted, issued"),
     ({"to": "accepted", "ids": ["9" * 30, "-1", "x"]}, "Tick at least one offer first."),
     ({"to": "accepted", "all": "1", "note": "a\0b"}, "Note: remove the unreadable sign.")],
)  # fmt: skip
def test_what_makes_no_sense_is_told(client, given, asked, told):
    assert told in decide(client, **asked)


def test_nobody_is_led_elsewhere_after_deciding(client, given):
    response = client.post(reverse("offer-assignments-decide"), {"to": "accepted", "next": "https://evil.example/"})

    assert response.headers["Location"] == reverse("offer-assignments")


def test_the_customers_page_shows_offers_and_a_no_takes_them_away(client, given):
    customer = Customer.objects.get(external_id="g0")
    page = client.get(customer.get_absolute_url()).content.decode()
    assert "Bought its products 4 times." in page
    assert "Suggested" in page

    Consent.objects.create(customer=customer, channel="mail", state="revoked", source="form", at=timezone.now())

    assert "No offer for them now" in client.get(customer.get_absolute_url()).content.decode()
    traced = client.get(reverse("customer-offers", args=[customer.pk])).content.decode()
    assert "They do not allow marketing on this channel." in traced
    assert "they have said no to this channel" in traced


def test_why_not_is_answered_for_everybody(client, given):
    given.decisions.update(gates=[10])
    customer = Customer.objects.get(external_id="g0")

    page = client.get(reverse("customer-offers", args=[customer.pk])).content.decode()

    assert "It is not expected to pay back what it costs to reach them." in page
    stranger = Customer.objects.create(external_id="stranger")
    assert (
        "No campaign has given out offers yet"
        in client.get(reverse("customer-offers", args=[stranger.pk])).content.decode()
    )
    assert client.get(reverse("customer-offers", args=[10**9])).status_code == 404


def test_the_campaigns_page_starts_a_round_and_keeps_the_policy(client, given):
    url = reverse("campaign-offers-assign", args=[given.campaign_id])

    client.post(url, {"mode": "automatic", "offers_per_customer": "2", "contacts_at_most": "", "contact_days": "14"})

    policy = OfferPolicy.objects.get(campaign=given.campaign_id)
    assert (policy.mode, policy.offers_per_customer, policy.contacts_at_most, policy.contact_days) == (
        "automatic",
        2,
        None,
        14,
    )
    assert Job.objects.get(task="campaigns.assign_offers").params["campaign_id"] == given.campaign_id
    assert "Choose offers for" in client.get(given.campaign.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("asked", "told"),
    [({"offers_per_customer": "0"}, "from 1 to 20"), ({"offers_per_customer": "21"}, "from 1 to 20"),
     ({"contacts_at_most": "-1"}, "from 1 to 100"), ({"contact_days": ""}, "from 1 to 365"),
     ({"mode": "x"}, "Say whether you decide")],
)  # fmt: skip
def test_a_policy_that_makes_no_sense_is_told(client, given, asked, told):
    fine = {"mode": "suggest", "offers_per_customer": "1", "contacts_at_most": "", "contact_days": "30"}

    response = client.post(reverse("campaign-offers-assign", args=[given.campaign_id]), {**fine, **asked}, follow=True)

    assert told in response.content.decode()
    assert not Job.objects.filter(task="campaigns.assign_offers").exists()


def test_a_marketer_may_suggest_and_not_assign(client, given):
    ensure_groups()
    user = User.objects.create_user("m")
    user.groups.add(Group.objects.get(name=MARKETER))
    client.force_login(user)
    url, policy = (
        reverse("campaign-offers-assign", args=[given.campaign_id]),
        {"offers_per_customer": "1", "contact_days": "30"},
    )

    assert client.post(url, {**policy, "mode": "automatic"}).status_code == 403
    assert not Job.objects.filter(task="campaigns.assign_offers").exists()
    assert client.post(url, {**policy, "mode": "suggest"}).status_code == 302
    assert "Assign automatically" not in client.get(given.campaign.get_absolute_url()).content.decode()


def test_a_campaign_that_ended_says_so(client):
    fill(1)
    campaign = make_campaign(-60, make_offer(50))

    page = client.get(campaign.get_absolute_url()).content.decode()
    told = client.post(
        reverse("campaign-offers-assign", args=[campaign.pk]),
        {"mode": "suggest", "offers_per_customer": "1", "contact_days": "30"}, follow=True,
    ).content.decode()  # fmt: skip

    assert "no offer is given out any more" in page
    assert "This campaign has ended." in told


def test_the_api_gives_what_was_decided_best_first_and_nothing_that_was_refused(client, given):
    url = "/api/v1/customers/g0/offers"
    assert client.get(url).json()["results"] == []
    customer = Customer.objects.get(external_id="g0")
    other = make_campaign(31, make_offer(31))
    make_assignment(
        make_round(other, "automatic", given.model_version),
        other.offers.get(),
        customer,
        status="automatic",
        expected_value=9,
    )
    given.assignments.update(status="accepted")

    found = client.get(url).json()["results"]

    assert [one["expected_value"] for one in found] == [9.0, 1.0]
    assert found[1]["reason"] == "Bought its products 4 times."
    assert found[1]["model_version"] == given.model_version_id
    assert found[1]["expires_at"]
    Consent.objects.create(customer=customer, channel="mail", state="denied", source="form", at=AT)
    assert client.get(url).json()["results"] == []
    assert client.get("/api/v1/customers/nobody/offers").status_code == 404


def test_the_apis_list_is_filtered(client, given):
    given.assignments.filter(customer__external_id="g1").update(status="issued")
    url = "/api/v1/offer-assignments"

    def found(**asked):
        return [one["customer"] for one in client.get(url, asked).json()["results"]]

    assert found(campaign=given.campaign_id) == ["g0", "g1", "g2"]
    assert found(status="issued") == found(is_open="true") == ["g1"]
    assert found(min_value="2.5") == ["g2"]
    assert found(customer="g2", offer="offer30") == ["g2"]
    assert "g1" not in found(is_open="false")
