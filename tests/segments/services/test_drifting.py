"""Segments in use stay while customers are as they were, and are looked for again when these have drifted."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.urls import reverse

from loyalty.models import Customer, Job, Order, OrderLine
from loyalty.services.progress import QuietProgress
from segments.models import Segment, Segmentation
from segments.services.drifting import look_when_drifted, make_due
from segments.services.looks import NothingSaved
from segments.services.segmentations import segment_customers
from segments.services.specs import SegmentSpec
from segments.tasks import look_when_drifted_task
from tests.rows import make_product

pytestmark = pytest.mark.django_db
AS_OF = datetime(2024, 7, 1, tzinfo=UTC)
A_QUARTER = timedelta(days=91)
SPEC = SegmentSpec(features=("orders_90", "spend_90", "recency_days"), k_min=3, k_max=5, seed=1)
# Orders in a quarter, spend an order: three kinds of customers.
KINDS = ((13, 80.0), (6, 12.0), (2, 400.0))
N_EACH = 30


def orders_of(customer, kind, rng, *, until):
    n_orders, _ = KINDS[kind]
    for visit in range(n_orders):
        yield Order(
            external_id=f"{customer.external_id}-{until:%m%d}-{visit}",
            customer=customer,
            ordered_at=until - timedelta(days=(visit + rng.uniform(0.2, 0.8)) * 85 / n_orders),
            currency="USD",
        )


def live_a_quarter(kinds, *, until, seed, dearer=1.0):
    """Everybody orders as their kind does."""
    rng, product = np.random.default_rng(seed), make_product(seed)
    orders = Order.objects.bulk_create(
        order
        for customer, kind in zip(Customer.objects.order_by("pk"), kinds, strict=True)
        for order in orders_of(customer, kind, rng, until=until)
    )
    kind_of = dict(zip(Customer.objects.order_by("pk").values_list("pk", flat=True), kinds, strict=True))
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order, line_number=1, product=product, quantity=1,
            amount=round(KINDS[kind_of[order.customer_id]][1] * dearer * rng.uniform(0.8, 1.2), 2),
        )
        for order in orders
    )  # fmt: skip


@pytest.fixture
def kinds(db, at):
    """Three kinds, and the segments in use that were found among them."""
    Customer.objects.bulk_create(Customer(external_id=f"c{number}") for number in range(3 * N_EACH))
    kinds = [number % 3 for number in range(3 * N_EACH)]
    live_a_quarter(kinds, until=AS_OF, seed=1)
    segment_customers(spec=SPEC, as_of=AS_OF, at=at, report=QuietProgress())
    return kinds


def later_kinds(kinds):
    """A third of everybody lives as another kind now, and a tenth of the customers is new."""
    Customer.objects.bulk_create(Customer(external_id=f"n{number}") for number in range(len(kinds) // 10))
    moved = [(kind + 1) % 3 if number % 9 < 3 else kind for number, kind in enumerate(kinds)]
    return [*moved, *(number % 3 for number in range(len(kinds) // 10))]


def test_a_quarter_later_with_new_customers_and_many_who_moved_every_segment_goes_on(kinds, at):
    first = Segmentation.objects.get()
    live_a_quarter(later_kinds(kinds), until=AS_OF + A_QUARTER, seed=2)

    second = segment_customers(spec=SPEC, as_of=AS_OF + A_QUARTER, at=at, report=QuietProgress())

    told = second.findings["continues"]
    assert second.agreement == 1
    assert (told["low"], told["high"], told["n_customers"]) == (1, 1, 99)
    assert [one.continues for one in second.segments.all()] == list(first.segments.all())
    assert second.findings["going_on"].startswith("3 segments as before")


def test_customers_who_are_as_they_were_leave_the_segments_as_they_are(kinds, at):
    live_a_quarter(kinds, until=AS_OF + A_QUARTER, seed=2)

    found = look_when_drifted(as_of=AS_OF + A_QUARTER, at=at, report=QuietProgress())

    assert found is None
    assert not Segmentation.objects.get().findings["drift"]["has_drifted"]


def test_where_customers_drifted_others_are_looked_for_and_nothing_is_saved(kinds, at, client, marketer):
    live_a_quarter(kinds, until=AS_OF + A_QUARTER, seed=2, dearer=3)
    segments = list(Segment.objects.all())

    found = look_when_drifted(as_of=AS_OF + A_QUARTER, at=at, report=QuietProgress())

    current = Segmentation.objects.get(is_current=True)
    assert current.findings["drift"]["furthest"].startswith("Spend")
    assert found.saved_at is None
    assert list(Segment.objects.all()) == segments
    client.force_login(marketer)
    assert "customers had changed since" in client.get(reverse("segments")).content.decode()


def test_the_same_job_looks_once(kinds, at):
    live_a_quarter(kinds, until=AS_OF + A_QUARTER, seed=2, dearer=3)
    job = make_due(at=at, horizon=AS_OF + A_QUARTER)

    look_when_drifted_task(job.pk)
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED)
    look_when_drifted_task(job.pk)

    job.refresh_from_db()
    assert (job.state, job.summary["has_drifted"]) == (Job.State.DONE, True)
    assert Segmentation.objects.count() == 2


def test_it_is_looked_at_once_a_week_of_orders_and_never_twice_at_once(kinds, at):
    soon = make_due(at=at, horizon=AS_OF + timedelta(days=6))
    first = make_due(at=at, horizon=AS_OF + timedelta(days=8))
    second = make_due(at=at, horizon=AS_OF + timedelta(days=8))

    assert (soon, second) == (None, None)
    assert first.task == "segments.look_when_drifted"


def test_without_segments_in_use_nothing_can_drift(at):
    assert make_due(at=at, horizon=AS_OF) is None
    with pytest.raises(NothingSaved, match="no segments in use"):
        look_when_drifted(as_of=AS_OF, at=at, report=QuietProgress())
