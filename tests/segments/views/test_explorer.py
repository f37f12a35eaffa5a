from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.urls import reverse

from loyalty.models import Customer, Job, Order, OrderLine
from loyalty.services.progress import QuietProgress
from segments.models import Segment, Segmentation
from segments.services.segmentations import explore_customers
from segments.services.specs import SegmentSpec
from segments.tasks import explore_customers_task, save_segmentation_task
from tests.rows import make_order, make_product

pytestmark = pytest.mark.django_db
AS_OF = datetime(2024, 7, 1, tzinfo=UTC)
ASKED = {
    "name": "My look",
    "method": "kmeans",
    "scaler": "robust",
    "is_damped": "on",
    "k_min": "2",
    "k_max": "3",
    "min_percent": "5",
    "features": ["orders_all", "spend_all", "recency_days"],
}


@pytest.fixture
def shop(db):
    """Twelve who come often and twelve who came once."""
    product = make_product(1)
    for number in range(24):
        customer = Customer.objects.create(external_id=f"c{number}")
        for visit in range(8 if number < 12 else 1):
            order = make_order(100 * number + visit, customer, product)
            OrderLine.objects.filter(order=order).update(amount=10 + number / 10)


def look(at, **settings):
    spec = SegmentSpec(features=("orders_all", "spend_all"), k_min=2, k_max=3, **settings)
    return explore_customers(spec=spec, as_of=AS_OF, at=at, report=QuietProgress())


def test_what_is_asked_becomes_a_job_and_its_result_a_page(client, marketer, shop):
    client.force_login(marketer)

    response = client.post(reverse("segments-explore-start"), ASKED)

    job = Job.objects.get()
    assert response["Location"] == job.get_absolute_url()
    assert job.params["spec"]["scaler"] == "robust"
    explore_customers_task(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    found = Segmentation.objects.get(pk=job.summary["segmentation_id"])
    assert found.get_absolute_url() in client.get(job.get_absolute_url()).content.decode()
    assert client.get(found.get_absolute_url()).status_code == 200
    assert any("2 segments: clearness" in entry.text for entry in job.entries.all())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"features": ["orders_all"]}, "Choose at least two features."),
        ({"features": ["orders_all", "horoscope"]}, "“horoscope” is not there any more."),
        ({"k_min": "5", "k_max": "3"}, "not smaller than the fewest"),
        ({"k_max": "99"}, "whole number from 2 to 15"),
        ({"name": ""}, "Give it a name."),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(client, marketer, shop, changed, said):
    client.force_login(marketer)

    response = client.post(reverse("segments-explore-start"), {**ASKED, **changed})

    assert response.status_code == 422
    assert said in response.content.decode()
    assert not Job.objects.exists()


def test_the_form_offers_no_traits_and_remembers_an_earlier_look(client, marketer, shop, at):
    found = look(at, scaler="minmax")
    client.force_login(marketer)

    text = client.get(reverse("segments-explore"), {"like": found.pk}).content.decode()

    assert 'value="spend_all" checked' in text
    assert 'value="recency_days" checked' not in text
    assert '<option value="minmax" selected>' in text
    assert 'value="age_group"' not in text


def test_saving_makes_segments_with_the_names_a_person_gave(client, marketer, shop, at):
    found = look(at)
    client.force_login(marketer)
    address = reverse("segmentation-save", args=[found.pk])
    kept = found.findings["segments"][1]["found_name"]

    client.post(address, {"name-0": "Our regulars", "name-1": kept})
    client.post(address, {"name-0": "Twice"})

    job = Job.objects.get()
    save_segmentation_task(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    assert list(Segment.objects.values_list("name", flat=True)) == ["Our regulars", kept]
    assert Segment.objects.first().memberships.count() == 12
    text = client.get(found.get_absolute_url()).content.decode()
    assert "Our regulars" in text
    assert "Save as segments" not in text


def test_discarding_takes_it_away_unless_it_was_saved(client, marketer, shop, at):
    first, second = look(at), look(at)
    Segmentation.objects.filter(pk=second.pk).update(saved_at=at)
    client.force_login(marketer)

    client.post(reverse("segmentation-discard", args=[first.pk]))
    response = client.post(reverse("segmentation-discard", args=[second.pk]), follow=True)

    assert list(Segmentation.objects.all()) == [second]
    assert "saved as segments, so it stays" in response.content.decode()


def test_another_number_is_looked_at_only_if_it_is_offered(client, marketer, shop, at):
    found = look(at)
    found.scores = [{**found.scores[0], "k": 2}, {**found.scores[0], "k": 3, "stability": 0.2}]
    found.save()
    client.force_login(marketer)
    address = reverse("segmentation-again", args=[found.pk])

    refused = client.post(address, {"k": "3"}, follow=True)
    client.post(address, {"k": "2"})

    assert "choose one that is stable" in refused.content.decode()
    assert [job.params["spec"]["k"] for job in Job.objects.all()] == [2]


def test_a_shop_without_kinds_of_customers_is_told_so_with_advice(client, marketer, at):
    """Orders, spend and time since the last order drawn apart from each other: nothing belongs together."""
    rng = np.random.default_rng(3)
    product = make_product(1)
    for number in range(160):
        customer = Customer.objects.create(external_id=f"c{number}")
        days = rng.uniform(1, 300, 1 + rng.poisson(2))
        for visit, day in enumerate(days):
            order = make_order(100 * number + visit, customer, product)
            Order.objects.filter(pk=order.pk).update(ordered_at=AS_OF - timedelta(days=float(day)))
            OrderLine.objects.filter(order=order).update(amount=round(float(rng.uniform(2, 9)), 2))
    spec = SegmentSpec(features=("weekend_share_all", "basket_value_all", "recency_days"), k_min=3, k_max=5)
    found = explore_customers(spec=spec, as_of=AS_OF, at=at, report=QuietProgress())
    client.force_login(marketer)

    text = client.get(found.get_absolute_url()).content.decode()

    assert "No clear segments" in text
    assert "Read these with care" in text


@pytest.mark.parametrize("page", ["segments-explore", "segmentation"])
def test_more_of_everything_needs_no_more_queries(client, marketer, shop, at, django_assert_max_num_queries, page):
    found = look(at)
    address = reverse(page, args=[found.pk] if page == "segmentation" else [])
    client.force_login(marketer)
    client.get(address)
    with django_assert_max_num_queries(40) as few:
        client.get(address)
    for _ in range(4):
        look(at)
    product = make_product(2)
    for number in range(50, 70):
        make_order(10_000 + number, Customer.objects.create(external_id=f"c{number}"), product)

    with django_assert_max_num_queries(len(few)):
        client.get(address)


def test_who_may_only_look_sees_no_form(client, django_user_model, shop, at):
    found = look(at)
    client.force_login(django_user_model.objects.create_user("guest"))

    assert "Look for segments" not in client.get(reverse("segments-explore")).content.decode()
    assert "Save as segments" not in client.get(found.get_absolute_url()).content.decode()
