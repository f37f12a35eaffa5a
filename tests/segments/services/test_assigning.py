"""From a file of orders to segments, and from there on: who comes later, and who changes."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from sklearn.metrics import adjusted_rand_score

from loyalty.models import Customer, Job, Order, OrderLine, Product
from loyalty.services.ingest import accept_upload, run_ingest
from loyalty.services.progress import QuietProgress
from segments.models import Division, Segment, SegmentMembership
from segments.queries.assigning import customer_ranges
from segments.services.assigning import Borders, assign_changed
from segments.services.looks import NothingSaved, start_assigning
from segments.services.segmentations import segment_customers
from segments.services.specs import SegmentSpec
from segments.tasks import assign_shard_task, finish_assigning_task

pytestmark = pytest.mark.django_db
AS_OF = datetime(2024, 7, 1, tzinfo=UTC)
SPEC = SegmentSpec(features=("recency_days", "orders_all", "spend_all"), k_min=2, k_max=5, seed=1)
# Days since the last order, orders, spend an order: three kinds of customers.
KINDS = ((3, 12, 80.0), (40, 5, 12.0), (150, 2, 400.0))
N_EACH = 25


def lines(rng, kind, name):
    recency, n_orders, amount = KINDS[kind]
    last = AS_OF - timedelta(days=recency * rng.uniform(0.8, 1.2))
    for visit in range(n_orders + int(rng.integers(-1, 2)) * (n_orders > 4)):
        at = last - timedelta(days=7 * visit)
        yield f"{name}-{visit},{name},{at.isoformat()},P1,1,{amount * rng.uniform(0.8, 1.2):.2f}"


def file_of(rng, numbers):
    rows = [row for number in numbers for row in lines(rng, number % 3, f"c{number}")]
    return "\n".join(["order_id,customer_id,ordered_at,sku,quantity,amount", *rows]).encode()


def bring(at, content):
    run = accept_upload(kind="orders", file=SimpleUploadedFile("orders.csv", content), by=None, at=at)
    assert run_ingest(run_id=run.pk, report=QuietProgress())["rejected"] == 0


@pytest.fixture
def shop(db, at, settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path / "uploads"
    Product.objects.create(sku="P1", name="P1", currency="USD")
    Customer.objects.bulk_create(Customer(external_id=f"c{number}") for number in range(3 * N_EACH + 9))
    bring(at, file_of(np.random.default_rng(1), range(3 * N_EACH)))


def placed():
    """The segment's number and the planted kind of everybody who is in one."""
    inside = SegmentMembership.objects.filter(valid_until=None, segment__segmentation__is_current=True)
    found = dict(inside.values_list("customer__external_id", "segment__number"))
    return found, [int(name[1:]) % 3 for name in found]


def find(at, **changed):
    return segment_customers(spec=SPEC, as_of=AS_OF, at=at, report=QuietProgress())


def test_planted_kinds_come_through_import_features_and_clustering_as_segments(shop, at):
    found = find(at)

    numbers, kinds = placed()
    assert found.k == 3
    assert len(numbers) == 3 * N_EACH
    assert adjusted_rand_score(kinds, list(numbers.values())) >= 0.95
    assert not found.verdict.startswith("No clear segments")
    assert len(set(Segment.objects.values_list("name", flat=True))) == 3


def test_a_tenth_of_new_customers_leaves_every_segment_itself(shop, at):
    find(at)
    before, _ = placed()
    bring(at, file_of(np.random.default_rng(2), range(3 * N_EACH, 3 * N_EACH + 8)))

    second = find(at)

    after, kinds = placed()
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 8
    assert adjusted_rand_score(kinds, list(after.values())) >= 0.95
    assert second.agreement == 1
    assert second.segments.filter(continues=None).count() == 0


def later():
    """Memberships begin at a moment of the database's clock, after the segments were found."""
    return datetime(2030, 1, 1, tzinfo=UTC)


def test_a_new_customer_has_a_segment_after_the_next_event(shop, at):
    find(at)
    before, _ = placed()
    bring(at, file_of(np.random.default_rng(3), [3 * N_EACH]))

    assigned = assign_changed(at=later())

    after, _ = placed()
    assert after == {**before, f"c{3 * N_EACH}": before["c0"]}
    assert (assigned.n_entered, assigned.n_left) == (1, 0)
    came = SegmentMembership.objects.get(customer__external_id=f"c{3 * N_EACH}")
    assert (came.valid_from, came.entered_because) == (later(), "What they did since belongs to it")


def test_who_changes_leaves_one_segment_for_another(shop, at):
    find(at)
    before, _ = placed()
    customer, product = Customer.objects.get(external_id="c2"), Product.objects.get()
    for visit in range(14):
        order = Order.objects.create(
            external_id=f"new{visit}",
            customer=customer,
            ordered_at=AS_OF - timedelta(days=1 + visit / 10),
            currency="USD",
        )
        OrderLine.objects.create(order=order, line_number=1, product=product, quantity=1, amount=60)

    assigned = assign_changed(at=later())

    after, _ = placed()
    assert after == {**before, "c2": before["c0"]}
    assert (assigned.n_entered, assigned.n_left) == (1, 1)
    spans = SegmentMembership.objects.filter(customer=customer).order_by("pk")
    assert [(one.valid_until, one.left_because) for one in spans] == [
        (later(), "What they did since belongs to it"),
        (None, ""),
    ]


def test_nothing_happens_while_nothing_changes_or_nothing_is_saved(shop, at):
    assert assign_changed(at=later()) is None

    find(at)
    # A test is one transaction, and what it writes is newer than any mark but one from ahead of it.
    Division.objects.update(marks_until=2**31 - 2)

    assert assign_changed(at=later()) is None


def test_borders_put_everybody_where_they_were_found(shop, at):
    found = find(at)

    borders = Borders.of(found)
    frame = SPEC.frame(AS_OF)

    numbers = dict(found.segments.values_list("pk", "number"))
    mine = [numbers[pk] for pk in borders.segments(frame.values).tolist()]
    names = dict(Customer.objects.values_list("pk", "external_id"))
    assert dict(zip((names[pk] for pk in frame.customer_ids.tolist()), mine, strict=True)) == placed()[0]


def test_everybody_is_put_in_place_by_shards_that_may_be_done_twice(shop, at, marketer):
    find(at)
    before, _ = placed()
    SegmentMembership.objects.filter(customer__external_id__in=["c0", "c1"]).delete()

    job = start_assigning(by=marketer, at=at, size=30)
    steps = list(Job.objects.filter(parent=job).order_by("position"))
    for step in steps[:-1]:
        assign_shard_task(step.pk)
    Job.objects.filter(pk=steps[0].pk).update(state="queued")
    assign_shard_task(steps[0].pk)
    finish_assigning_task(steps[-1].pk)

    assert len(steps) == len(customer_ranges(30)) + 1 == 4
    assert {one.state for one in Job.objects.filter(parent=job)} == {Job.State.DONE}
    assert placed()[0] == before
    assert SegmentMembership.objects.count() == len(before)


def test_without_saved_segments_nobody_can_be_put_anywhere(shop, at, marketer):
    with pytest.raises(NothingSaved, match="Look for segments and save"):
        start_assigning(by=marketer, at=at)
