import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from loyalty.models import Category, Customer, Job, Order, OrderLine, Product
from loyalty.services.progress import QuietProgress
from segments.engine.clustering import TooFewCustomers
from segments.engine.features import FeatureUnknown
from segments.engine.plans import PlanImpossible
from segments.models import Segment, Segmentation, SegmentMembership
from segments.queries.explorer import continuity, map_points, segments_of
from segments.queries.features import FeatureUnfit, customer_features
from segments.queries.vectors import VectorsMissing
from segments.services.looks import SegmentationSaved, discard_segmentation
from segments.services.saving import save_segmentation
from segments.services.segmentations import explore_customers, segment_customers
from segments.services.specs import SegmentSpec
from segments.tasks import segment_customers_task

pytestmark = pytest.mark.django_db
AS_OF = datetime(2024, 7, 1, tzinfo=UTC)
SPEC = SegmentSpec(k_min=2, k_max=4, n_categories=1, seed=3)


class JobProgress(QuietProgress):
    def __init__(self, job: Job) -> None:
        self.job_id = job.pk
        self.told: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int, message: str = "") -> None:
        self.told.append((done, total))


def buy(customer, product, at, amount, *, number, coupon=0, reverses=None):
    order = Order.objects.create(
        external_id=f"{customer.external_id}-{number}",
        customer=customer,
        ordered_at=at,
        currency="USD",
        reverses=reverses,
    )
    quantity = 1 if amount > 0 else -1
    OrderLine.objects.create(
        order=order, line_number=1, product=product, quantity=quantity, amount=amount, coupon_discount=coupon
    )
    return order


@pytest.fixture
def products(db):
    for name in ("Food", "Fuel"):
        category = Category.objects.create(path=f"{name} > Any", name="Any")
        Product.objects.create(sku=name, name=name, category=category, currency="USD")
    return {product.sku: product for product in Product.objects.all()}


@pytest.fixture
def shop(products):
    """Twelve frequent customers and twelve who came once, long ago."""
    rng = np.random.default_rng(1)
    for number in range(24):
        customer = Customer.objects.create(external_id=f"c{number}")
        days = rng.uniform(1, 30, 8) if number < 12 else rng.uniform(120, 150, 1)
        for visit, day in enumerate(days):
            amount = round(float(rng.uniform(40, 60) if number < 12 else rng.uniform(4, 6)), 2)
            buy(customer, products["Food"], AS_OF - timedelta(days=day), amount, number=visit)
    return products


def row(frame, customer):
    values = frame.values[frame.customer_ids == customer.pk][0]
    return dict(zip(frame.names, values.round(3).tolist(), strict=True))


def test_features_are_those_of_the_orders(products):
    customer = Customer.objects.create(external_id="c")
    buy(customer, products["Food"], AS_OF - timedelta(days=40), 30, number=1)
    order = buy(customer, products["Fuel"], AS_OF - timedelta(days=10), 20, number=2, coupon=1)
    buy(customer, products["Fuel"], AS_OF - timedelta(days=5), -10, number=3, reverses=order)

    habits = ("recency_days", "n_orders", "spend", "tenure_days", "basket_value", "coupon_share")
    frame = customer_features(as_of=AS_OF, habits=habits, n_categories=2)

    assert row(frame, customer) == {
        "recency_days": 10,
        "n_orders": 2,
        "spend": 40,
        "tenure_days": 40,
        "basket_value": 20,
        "coupon_share": 0.5,
        "category_share:Food": 0.75,
        "category_share:Fuel": 0.25,
    }


def test_nothing_at_or_after_as_of_enters(shop):
    before = customer_features(as_of=AS_OF, habits=SPEC.habits, n_categories=2)

    for number, customer in enumerate(Customer.objects.all()):
        buy(customer, shop["Fuel"], AS_OF + timedelta(days=number), 9999, number="later")
    newcomer = Customer.objects.create(external_id="newcomer")
    buy(newcomer, shop["Fuel"], AS_OF, 9999, number=1)

    after = customer_features(as_of=AS_OF, habits=SPEC.habits, n_categories=2)
    assert after.names == before.names
    np.testing.assert_array_equal(after.customer_ids, before.customer_ids)
    # Equal but for the last digit: PostgreSQL may add the same floats in another order.
    np.testing.assert_allclose(after.values, before.values, rtol=1e-12)


def test_an_unknown_feature_is_named(shop):
    with pytest.raises(FeatureUnknown, match="horoscope"):
        customer_features(as_of=AS_OF, habits=("horoscope",), n_categories=0)


def test_planted_segments_are_written_with_names_sizes_and_places_on_the_map(shop, at):
    segmentation = segment_customers(spec=SPEC, as_of=AS_OF, at=at, report=QuietProgress())

    frequent, occasional = Segment.objects.filter(segmentation=segmentation).order_by("-profile__usual__n_orders")
    assert segmentation.k == 2
    assert segmentation.is_current
    assert "frequent" in frequent.name.lower()
    assert frequent.profile["usual"]["n_orders"] == 8
    assert set(frequent.memberships.values_list("customer__external_id", flat=True)) == {f"c{n}" for n in range(12)}
    assert occasional.profile["n_customers"] == occasional.memberships.count() == 12
    assert [score["k"] for score in segmentation.scores] == [2, 3, 4]
    assert "null_silhouette" in segmentation.scores[0]


def test_the_same_job_twice_doubles_nothing(shop, at):
    job = Job.objects.create(task="segments.segment_customers", label="Find segments", created_at=at)
    progress = JobProgress(job)

    first = segment_customers(spec=SPEC, as_of=AS_OF, at=at, report=progress)
    second = segment_customers(spec=SPEC, as_of=AS_OF, at=at, report=progress)

    assert first == second
    assert Segmentation.objects.count() == 1
    assert SegmentMembership.objects.count() == 24
    assert progress.told[0][0] == 0
    assert progress.told == sorted(progress.told)


def test_a_later_run_takes_over_and_keeps_the_earlier_one(shop, at):
    first = segment_customers(spec=SPEC, as_of=AS_OF, at=at, report=QuietProgress())
    second = segment_customers(spec=SPEC, as_of=AS_OF, at=at, report=QuietProgress())

    first.refresh_from_db()
    assert (first.is_current, second.is_current) == (False, True)
    assert first.segments.count() == second.segments.count() == 2


def test_segments_stay_themselves_when_a_tenth_of_new_customers_come(shop, at):
    first = segment_customers(spec=SPEC, as_of=AS_OF, at=at, report=QuietProgress())
    first.segments.filter(number=0).update(name="Our regulars")
    members = dict(SegmentMembership.objects.values_list("customer_id", "segment__number"))
    for number in range(3):
        customer = Customer.objects.create(external_id=f"new{number}")
        buy(customer, shop["Food"], AS_OF - timedelta(days=130 + number), 5, number=1)

    second = segment_customers(spec=replace(SPEC, seed=9), as_of=AS_OF, at=at, report=QuietProgress())

    again = dict(second.segments.values_list("memberships__customer_id", "number"))
    assert {pk: again[pk] for pk in members} == members
    assert second.agreement == 1
    assert [one.continues for one in second.segments.all()] == list(first.segments.all())
    assert second.segments.get(number=0).name == "Our regulars"
    assert "Nearly everybody" in continuity(second)
    assert continuity(first) == ""


def test_a_segment_of_other_people_is_a_new_one(shop, at):
    segment_customers(spec=SPEC, as_of=AS_OF, at=at, report=QuietProgress())
    for customer in Customer.objects.filter(external_id__in=[f"c{number}" for number in range(6, 18)]):
        for visit in range(20):
            buy(customer, shop["Fuel"], AS_OF - timedelta(days=1 + visit / 10), 900, number=f"now{visit}")

    changed = segment_customers(spec=SPEC, as_of=AS_OF, at=at, report=QuietProgress())

    assert changed.agreement < 0.6
    assert "with care" in continuity(changed)
    assert changed.segments.filter(continues=None).exists()


def test_too_few_customers_are_told_so_and_nothing_is_written(products, at):
    with pytest.raises(TooFewCustomers, match="import more customers"):
        segment_customers(spec=SPEC, as_of=AS_OF, at=at, report=QuietProgress())

    assert not Segmentation.objects.exists()


def test_the_task_divides_as_of_the_newest_order(at, products):
    rng = np.random.default_rng(2)
    for number in range(40):
        customer = Customer.objects.create(external_id=f"c{number}")
        buy(customer, products["Food"], AS_OF - timedelta(days=rng.uniform(2, 90)), rng.uniform(2, 90), number=1)
    newest = Order.objects.order_by("ordered_at").last()
    job = Job.objects.create(task="segments.segment_customers", label="Find segments", created_at=at)

    segment_customers_task(job.pk)

    job.refresh_from_db()
    segmentation = Segmentation.objects.get(pk=job.summary["segmentation_id"])
    assert job.state == Job.State.DONE
    assert segmentation.job == job
    assert segmentation.as_of == newest.ordered_at + timedelta(seconds=1)
    assert job.summary["k"] == segmentation.k


def test_charts_read_what_was_written(shop, at, django_assert_num_queries):
    segmentation = segment_customers(spec=SPEC, as_of=AS_OF, at=at, report=QuietProgress())

    with django_assert_num_queries(1):
        segments = segments_of(segmentation)
    with django_assert_num_queries(2):
        points, n_customers = map_points(segmentation, at_most=10)

    assert [summary.n_customers for summary in segments.summaries] == [12, 12]
    assert segments.null_silhouette is not None
    assert list(segments.labels) == segmentation.feature_names
    assert (len(points), n_customers) == (8, 24)
    assert {point.segment_number for point in points} == {0, 1}


def test_what_is_only_looked_at_is_no_segment_before_it_is_saved(shop, at):
    draft = explore_customers(spec=SPEC, as_of=AS_OF, at=at, report=QuietProgress())

    assert not Segment.objects.exists()
    assert not draft.is_current
    assert [one.name for one in segments_of(draft).summaries] == [
        one["found_name"] for one in draft.findings["segments"]
    ]

    saved = save_segmentation(segmentation=draft, at=at)

    assert saved.is_current
    assert [one.memberships.count() for one in saved.segments.all()] == [12, 12]
    assert save_segmentation(segmentation=draft, at=at) == saved
    assert Segment.objects.count() == 2


def test_saving_goes_on_from_what_is_current_then(shop, at):
    draft = explore_customers(spec=replace(SPEC, seed=5), as_of=AS_OF, at=at, report=QuietProgress())
    first = segment_customers(spec=SPEC, as_of=AS_OF, at=at, report=QuietProgress())
    first.segments.filter(number=1).update(name="Came once")

    saved = save_segmentation(segmentation=draft, at=at)

    assert (draft.agreement, saved.agreement) == (None, 1)
    assert saved.segments.get(number=1).name == "Came once"
    assert not Segmentation.objects.get(pk=first.pk).is_current


def test_a_draft_can_be_thrown_away_and_what_was_saved_cannot(shop, at):
    draft = explore_customers(spec=SPEC, as_of=AS_OF, at=at, report=QuietProgress())
    saved = segment_customers(spec=SPEC, as_of=AS_OF, at=at, report=QuietProgress())

    discard_segmentation(segmentation=draft)

    with pytest.raises(SegmentationSaved, match="stays"):
        discard_segmentation(segmentation=saved)
    assert list(Segmentation.objects.all()) == [saved]


def test_features_of_the_store_divide_as_well_and_missing_values_are_told(shop, at):
    names = ("orders_90", "spend_90", "basket_value_90", "recency_days")
    draft = explore_customers(spec=replace(SPEC, features=names), as_of=AS_OF, at=at, report=QuietProgress())

    assert draft.feature_names == list(names)
    assert draft.findings["missing"] == {"basket_value_90": 0.5}
    assert segments_of(draft).labels["spend_90"] == "Spend, returns taken off, last 90 days"


@pytest.mark.parametrize(
    ("spec", "refusal", "said"),
    [
        ({"features": ("age_group", "orders_all")}, FeatureUnfit, "trait of the person"),
        ({"features": ("orders_all",)}, PlanImpossible, "at least two"),
        ({"features": ("orders_all", "spend_all"), "vectors": ("taste",)}, VectorsMissing, "not learnt"),
        ({"k_min": 1}, PlanImpossible, "Number of segments"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(products, at, spec, refusal, said):
    with pytest.raises(refusal, match=said):
        explore_customers(spec=replace(SPEC, **spec), as_of=AS_OF, at=at, report=QuietProgress())


def test_settings_are_told_and_read_back():
    spec = replace(SPEC, features=("orders_all", "spend_all"), method="ward", keep=0.9)

    assert SegmentSpec.of(json.loads(json.dumps(spec.told()))) == spec
    assert SegmentSpec.of({**spec.told(), "labels": {}, "sources": []}) == spec


def test_what_each_segment_buys_most_is_found(shop, at):
    for customer in Customer.objects.filter(external_id__in=[f"c{number}" for number in range(12, 24)]):
        buy(customer, shop["Fuel"], AS_OF - timedelta(days=125), 5, number="fuel")

    draft = explore_customers(spec=SPEC, as_of=AS_OF, at=at, report=QuietProgress())

    lifts = [[one["product"] for one in facts["lifts"]] for facts in draft.findings["segments"]]
    # Those who came often bought nothing else; the others had both.
    assert sorted(lifts) == [[], ["Food"]]
