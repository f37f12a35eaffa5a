from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from loyalty.models import Category, Customer, Job, Order, OrderLine, Product
from loyalty.services.progress import QuietProgress
from recommender import registry
from recommender.engine.artefacts import ArtefactDamaged
from recommender.engine.autoencoder import Autoencoder
from recommender.engine.popularity import Popularity
from recommender.engine.prod2vec import Prod2Vec, TooFewBaskets
from recommender.models import ModelVersion, ProductRelation, Recommendation
from recommender.queries.interactions import interactions_frame, purchases_until
from recommender.queries.neighbours import neighbours_of_product
from recommender.queries.versions import serving_and_baseline
from recommender.services.relations import learn_product_relations
from recommender.services.scoring import score_customers
from recommender.services.shortlists import reason
from recommender.services.training import TooLittleHistory, train_recommenders

pytestmark = pytest.mark.django_db
AS_OF = datetime(2024, 7, 1, tzinfo=UTC)
SMALL = Autoencoder(hidden_sizes=(16,), max_epochs=30, batch_size=16, patience=5, random_state=1)
SMALL_VECTORS = Prod2Vec(dimensions=8, min_baskets=3, epochs=100, random_state=1)


class JobProgress(QuietProgress):
    def __init__(self, job: Job) -> None:
        self.job_id = job.pk


@pytest.fixture(autouse=True)
def artefact_dir(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    return settings.ARTEFACT_DIR


@pytest.fixture
def shop(db):
    """Even customers buy from one shelf, odd ones from the other, five products at a time."""
    rng = np.random.default_rng(1)
    shelves = [Category.objects.create(path=f"Shelf {side}", name=f"Shelf {side}") for side in range(2)]
    products = Product.objects.bulk_create(
        [Product(sku=f"p{n}", name=f"p{n}", category=shelves[n % 2], currency="USD") for n in range(24)]
    )
    customers = Customer.objects.bulk_create([Customer(external_id=f"c{n}") for n in range(30)])
    lines = []
    for visit in range(240):
        customer = customers[visit % 30]
        at = AS_OF - timedelta(days=float(rng.uniform(0.1, 150)))
        order = Order.objects.create(external_id=f"o{visit}", customer=customer, ordered_at=at, currency="USD")
        for number, place in enumerate(rng.choice(12, 5, replace=False), start=1):
            product = products[2 * int(place) + visit % 2]
            lines.append(OrderLine(order=order, line_number=number, product=product, quantity=1, amount=2))
    OrderLine.objects.bulk_create(lines)
    return products


@pytest.fixture
def trained(shop, at):
    return train_recommenders(
        as_of=AS_OF, at=at, random_state=1, report=QuietProgress(), competing=(Popularity(), SMALL)
    )


def test_interactions_are_purchases_before_the_moment_only(shop):
    customer = Customer.objects.first()
    later = Order.objects.create(external_id="later", customer=customer, ordered_at=AS_OF, currency="USD")
    back = Order.objects.create(
        external_id="back", customer=customer, ordered_at=AS_OF - timedelta(days=1), currency="USD"
    )
    OrderLine.objects.create(order=later, line_number=1, product=shop[0], quantity=1, amount=1)
    OrderLine.objects.create(order=back, line_number=1, product=shop[0], quantity=-1, amount=-1)

    frame = interactions_frame(purchases_until(AS_OF))

    assert frame.num_rows == 1200
    assert set(frame["weight"].to_pylist()) == {1.0}


def test_the_planted_taste_makes_the_autoencoder_champion(trained):
    assert trained.champion == trained.versions[1]
    assert registry.champion("recommendation") == trained.champion
    assert trained.versions[1].metrics["advantage"]["low"] > 0
    for version in (trained.baseline, trained.versions[1]):
        recall = version.metrics["recall_at_10"]
        assert 0 <= recall["low"] <= recall["value"] <= recall["high"] <= 1
        assert version.data_until == AS_OF - timedelta(days=28)
    assert trained.versions[1].learning_curve
    assert trained.baseline.is_baseline


def test_recommendations_follow_the_taste_and_give_a_reason(trained):
    rows = Recommendation.objects.select_related("customer", "product")

    assert trained.n_recommendations == rows.count() == 30 * 10
    own_side = [int(row.customer.external_id[1:]) % 2 == int(row.product.sku[1:]) % 2 for row in rows]
    assert np.mean(own_side) > 0.95
    assert {row.rank for row in rows} == set(range(1, 11))
    assert all(row.reason.startswith(("Bought ", "New to this customer")) for row in rows)


def test_what_happened_after_the_moment_changes_nothing(trained, shop, at):
    before = list(Recommendation.objects.values_list("customer", "rank", "product", "reason"))
    customer = Customer.objects.get(external_id="c0")
    for number in range(5):
        order = Order.objects.create(external_id=f"x{number}", customer=customer, ordered_at=AS_OF, currency="USD")
        OrderLine.objects.create(order=order, line_number=1, product=shop[1], quantity=1, amount=1)

    ids = list(Customer.objects.values_list("pk", flat=True))
    score_customers(trained.champion, ids, 10, as_of=AS_OF, at=at, report=QuietProgress())

    assert list(Recommendation.objects.values_list("customer", "rank", "product", "reason")) == before


def test_the_same_job_twice_doubles_nothing(shop, at):
    job = Job.objects.create(task="recommender.train_recommenders", label="Learn", created_at=at)

    first, second = (
        train_recommenders(as_of=AS_OF, at=at, random_state=1, report=JobProgress(job), competing=(Popularity(), SMALL))
        for _ in range(2)
    )

    assert first.versions == second.versions
    assert ModelVersion.objects.count() == 2
    assert Recommendation.objects.count() == 300


def test_scoring_some_leaves_the_others_alone(trained, at):
    some = Customer.objects.order_by("pk").values_list("pk", flat=True)[:2]
    newcomer = Customer.objects.create(external_id="new")

    n = score_customers(trained.champion, [*some, newcomer.pk], 3, as_of=AS_OF, at=at, report=QuietProgress())

    assert n == 9
    assert Recommendation.objects.count() == 28 * 10 + 9


def test_too_little_history_is_told_so(at, db):
    with pytest.raises(TooLittleHistory, match="three months"):
        train_recommenders(as_of=AS_OF, at=at, random_state=1, report=QuietProgress(), competing=(Popularity(), SMALL))

    assert not ModelVersion.objects.exists()


def test_a_version_that_does_not_beat_the_baseline_is_refused_with_the_reason(trained):
    worse = trained.versions[1]
    worse.metrics["advantage"] = {"value": 0.01, "low": -0.02, "high": 0.04}

    with pytest.raises(registry.PromotionRefused, match=r"-2\.0 and \+4\.0 percentage points"):
        registry.promote(worse)


def test_promotion_moves_the_one_champion(trained):
    registry.promote(trained.baseline)

    assert registry.champion("recommendation") == trained.baseline
    trained.versions[1].refresh_from_db()
    assert trained.versions[1].alias == ""
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelVersion.objects.filter(pk=trained.versions[1].pk).update(alias="champion")


def test_a_damaged_champion_is_not_opened(trained, artefact_dir):
    arrays = Path(artefact_dir) / trained.champion.artefact / "arrays.npz"
    arrays.write_bytes(arrays.read_bytes()[:-1] + b"x")

    with pytest.raises(ArtefactDamaged):
        registry.open_recommender(trained.champion)


def test_relations_stay_on_their_shelf_and_carry_evidence(shop, at):
    version = learn_product_relations(as_of=AS_OF, at=at, random_state=1, report=QuietProgress(), learner=SMALL_VECTORS)

    relations = version.product_relations.filter(kind="similar").select_related("product", "other")
    same = np.mean([one.product.category_id == one.other.category_id for one in relations])
    assert same > 0.95
    assert version.metrics["same_category_share"]["value"] == pytest.approx(same)
    assert version.metrics["same_category_share_by_chance"]["value"] == pytest.approx(0.5)
    assert registry.champion("product_relation") == version
    one = relations[0]
    orders = Order.objects.filter(lines__product=one.product)
    assert one.evidence["orders"] == orders.count()
    assert one.evidence["orders_together"] == orders.filter(lines__product=one.other).count()
    assert version.product_places.count() == 24


def test_relations_of_the_same_job_are_written_once(shop, at):
    job = Job.objects.create(task="recommender.learn_product_relations", label="Learn", created_at=at)

    versions = [
        learn_product_relations(as_of=AS_OF, at=at, random_state=1, report=JobProgress(job), learner=SMALL_VECTORS)
        for _ in range(2)
    ]

    assert versions[0] == versions[1]
    assert ModelVersion.objects.count() == 1
    assert ProductRelation.objects.filter(kind="similar").count() == 24 * 6


def test_no_orders_no_relations(at, db):
    with pytest.raises(TooFewBaskets, match="import more orders"):
        learn_product_relations(as_of=AS_OF, at=at, random_state=1, report=QuietProgress())


def test_reasons_are_sentences():
    day = datetime(2024, 6, 3, tzinfo=UTC).date()

    assert reason(1, day, 0.5) == "Bought once on 3 June 2024."
    assert reason(12, day, 0.5) == "Bought 12 times, last on 3 June 2024."
    assert reason(0, None, 0.234) == "New to this customer; 23% of all customers have bought it."
    assert reason(0, None, 0.001) == "New to this customer; less than 1% of all customers have bought it."


def test_charts_read_what_was_written(trained, at, django_assert_num_queries):
    relations = learn_product_relations(
        as_of=AS_OF, at=at, random_state=1, report=QuietProgress(), learner=SMALL_VECTORS
    )
    similar = relations.product_relations.filter(kind="similar")
    one = similar.select_related("product").order_by("product_id", "-score").first()

    with django_assert_num_queries(1):
        neighbours = neighbours_of_product(one.product).related
    scores = serving_and_baseline(ModelVersion.Purpose.RECOMMENDATION)

    assert len(neighbours) == 6
    assert neighbours[0].similarity == one.score
    assert [(score.is_baseline, score.is_champion) for score in scores] == [(True, False), (False, True)]
