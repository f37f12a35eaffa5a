"""All customers by shards: the same as at once, each shard whole or not at all, whatever becomes of its worker."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg2
import pytest

from loyalty.models import Customer, Job, Order, OrderLine, Product
from loyalty.queries.marks import customer_stamps
from loyalty.services import jobs
from loyalty.services.leases import claim
from loyalty.services.progress import JobCancelled, LeaseLost, QuietProgress
from loyalty.tasks import wake
from recommender import registry
from recommender.engine.artefacts import save
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.item_knn import ItemKnn
from recommender.models import Recommendation, ScoringRun, Shortlist
from recommender.queries.interactions import interactions_frame, purchases_until
from recommender.queries.shards import Shard, customer_shards
from recommender.services import scoring, shortlists
from recommender.services.scoring import RunGone, begin_run, finish_run, score_customers, score_shard
from recommender.services.shards import VersionGone, begin_scoring, finish_scoring, score_one_shard, start_scoring
from recommender.tasks import begin_scoring_task, finish_scoring_task, score_shard_task
from tests.conftest import database_url, wait_until
from tests.loyalty.test_worker import is_somebody_waiting_for_a_lock
from tests.rows import make_version

AS_OF = datetime(2024, 7, 1, tzinfo=UTC)
N_CUSTOMERS = 12
QUIET = QuietProgress()
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def artefact_dir(settings):
    """Where a real worker looks, too; each test leaves its own files there."""
    return settings.ARTEFACT_DIR


@pytest.fixture
def shop(db):
    """Even customers buy from the even products, odd ones from the odd; a lamp once in a life."""
    rng = np.random.default_rng(5)
    products = [Product.objects.create(sku=f"p{n}", name=f"P{n}", currency="USD") for n in range(10)]
    lamp = Product.objects.create(sku="lamp", name="Lamp", currency="USD")
    for number in range(N_CUSTOMERS):
        customer = Customer.objects.create(external_id=f"c{number}")
        for visit in range(6):
            at = AS_OF - timedelta(days=10 + 25 * visit)
            order = Order.objects.create(
                external_id=f"{number}-{visit}", customer=customer, ordered_at=at, currency="USD"
            )
            places = rng.choice(5, 2, replace=False)
            bought = [products[2 * int(place) + number % 2] for place in places] + ([lamp] if visit == 5 else [])
            for line, product in enumerate(bought, start=1):
                OrderLine.objects.create(order=order, line_number=line, product=product, quantity=1, amount=1)
    return products


@pytest.fixture
def version(shop, settings):
    frame = interactions_frame(purchases_until(AS_OF))
    learnt = ItemKnn(neighbours=5).fit(InteractionMatrix.from_frame(frame, until=AS_OF)).to_artefact()
    sha256 = save(learnt, settings.ARTEFACT_DIR / "item_knn")
    files = {"artefact": "item_knn", "artefact_sha256": sha256}
    return make_version(1, alias="champion", algorithm="item_knn", **files)


def everybody():
    return list(Customer.objects.order_by("pk").values_list("pk", flat=True))


def made_rows():
    recommended = Recommendation.objects.order_by("customer", "rank")
    listed = Shortlist.objects.order_by("customer")
    lists = "customer", "product_ids", "scores", "because_ids", "times_bought", "last_bought_on", "done_with_ids"
    return (
        list(recommended.values_list("customer", "rank", "product", "score", "reason")),
        list(listed.values_list(*lists)),
    )


def test_customers_are_cut_into_ranges_without_gap_or_overlap(shop):
    ids = everybody()

    assert customer_shards(5) == [Shard(ids[0], ids[4]), Shard(ids[5], ids[9]), Shard(ids[10], ids[11])]
    assert customer_shards(100) == [Shard(ids[0], ids[-1])]


def test_no_customers_no_shards(db):
    assert customer_shards(5) == []


def test_by_shards_or_at_once_the_same_rows_are_written(version, at):
    score_customers(version, everybody(), 10, as_of=AS_OF, at=at, report=QUIET)
    at_once = made_rows()
    Recommendation.objects.all().delete()
    Shortlist.objects.all().delete()

    run = begin_run(version=version, key="parts", as_of=AS_OF, at=at, report=QUIET)
    for shard in reversed(customer_shards(5)):
        score_shard(run, shard, k=10, at=at, report=QUIET)

    assert made_rows() == at_once
    assert len(at_once[1]) == N_CUSTOMERS


def test_a_shard_done_twice_is_there_once(version, at):
    run = begin_run(version=version, key="twice", as_of=AS_OF, at=at, report=QUIET)
    shard = customer_shards(5)[0]
    counts = [score_shard(run, shard, k=10, at=at, report=QUIET) for _ in range(2)]

    assert counts[0] == counts[1] == Recommendation.objects.count()
    assert Shortlist.objects.count() == 5


def test_the_same_key_begins_one_run(version, at):
    runs = [begin_run(version=version, key="once", as_of=AS_OF, at=at, report=QUIET) for _ in range(2)]

    assert runs[0] == runs[1]
    assert ScoringRun.objects.count() == 1


def test_a_shortlist_knows_what_was_bought_and_what_is_not_bought_twice(version, at, monkeypatch):
    monkeypatch.setattr(shortlists, "REPEAT_SHARE", 0.5)  # a dozen buyers are few to be sure
    lamp = Product.objects.get(sku="lamp")
    score_customers(version, everybody(), 3, as_of=AS_OF, at=at, report=QUIET)
    one = Shortlist.objects.select_related("customer").first()
    bought = OrderLine.objects.filter(order__customer=one.customer)

    assert one.done_with_ids == [lamp.pk]
    for product_id, times, last_on in zip(one.product_ids, one.times_bought, one.last_bought_on, strict=True):
        lines = bought.filter(product=product_id).order_by("-order__ordered_at")
        assert times == lines.count()
        assert last_on == (lines[0].order.ordered_at.date() if times else None)
    assert one.stamp == customer_stamps(one.customer_id, one.customer_id)[one.customer_id] != ""
    assert Recommendation.objects.filter(customer=one.customer).count() == 3


def test_the_named_purchase_was_made_and_without_it_the_score_is_lower(version, at):
    score_customers(version, everybody(), 3, as_of=AS_OF, at=at, report=QUIET)
    recommender = registry.open_recommender(version)
    frame = interactions_frame(purchases_until(AS_OF))
    data = InteractionMatrix.from_frame(frame, until=AS_OF, products=recommender.products)
    n_named = 0
    for one in Shortlist.objects.all():
        row = data.customers.rows_of([one.customer_id])
        for product_id, because_id, score in zip(one.product_ids, one.because_ids, one.scores, strict=True):
            if because_id != -1:
                n_named += 1
                without = data.history[row].without(data.products.rows_of([because_id]))
                assert recommender.score(without)[0, data.products.rows_of([product_id])[0]] < score
    assert n_named > N_CUSTOMERS


def test_a_run_as_of_the_past_never_passes_for_up_to_date(version, at):
    earlier = AS_OF - timedelta(days=30)
    score_customers(version, everybody(), 3, as_of=earlier, at=at, report=QUIET)

    assert set(Shortlist.objects.values_list("stamp", flat=True)) == {"?"}


class JobProgress(QuietProgress):
    def __init__(self, job):
        self.job_id = job.pk


def test_a_job_begun_again_goes_on_after_the_last_shard_it_wrote(version, at, monkeypatch):
    monkeypatch.setattr(scoring, "CUSTOMERS_PER_SHARD", 5)
    job = Job.objects.create(task="recommender.train_recommenders", label="Learn", created_at=at)
    done = []

    def dying(run, shard, **about):
        if len(done) == 2:
            raise LeaseLost("killed")
        done.append(shard)
        return score_shard(run, shard, **about)

    monkeypatch.setattr(scoring, "score_shard", dying)
    with pytest.raises(LeaseLost):
        score_customers(version, everybody(), 10, as_of=AS_OF, at=at, report=JobProgress(job))
    done.clear()
    n = score_customers(version, everybody(), 10, as_of=AS_OF, at=at, report=JobProgress(job))

    assert done == [customer_shards(5)[2]]
    assert n == Recommendation.objects.count()
    assert Shortlist.objects.count() == N_CUSTOMERS


def test_finishing_keeps_the_version_in_use_and_the_one_before(version, at, settings):
    run = begin_run(version=version, key="first", as_of=AS_OF, at=at, report=QUIET)
    older = begin_run(version=make_version(8), key="older", as_of=AS_OF - timedelta(days=20), at=at, report=QUIET)
    before = begin_run(version=make_version(9), key="before", as_of=AS_OF - timedelta(days=40), at=at, report=QUIET)
    again = begin_run(version=version, key="again", as_of=AS_OF - timedelta(days=70), at=at, report=QUIET)

    finish_run(again, at=at, report=QUIET)

    assert set(ScoringRun.objects.all()) == {before, again}
    folders = {path.name for path in settings.ARTEFACT_DIR.glob("neighbours-*")}
    assert {before.neighbours, again.neighbours} <= folders
    assert not {run.neighbours, older.neighbours} & folders
    registry.open_run_neighbours(again)


def test_the_steps_of_the_job_write_everything(version, at):
    parent = start_scoring(version=version, by=None, at=at, size=5)
    tasks = {
        "recommender.begin_scoring": begin_scoring_task,
        "recommender.score_shard": score_shard_task,
        "recommender.finish_scoring": finish_scoring_task,
    }
    steps = list(parent.steps.order_by("position"))
    assert [step.is_beside for step in steps] == [False, True, True, True, False]
    for step in steps:
        tasks[step.task](step.pk)

    parent.refresh_from_db()
    assert (parent.state, parent.done) == ("done", 5)
    assert parent.steps.get(position=4).summary["n_recommendations"] == Recommendation.objects.count() > 0
    assert Shortlist.objects.count() == N_CUSTOMERS
    assert ScoringRun.objects.get().finished_at is not None


def test_a_cancelled_shard_leaves_nothing_of_its_own(version, at):
    parent = start_scoring(version=version, by=None, at=at, size=5)
    begin_scoring_task(parent.steps.get(position=0).pk)
    step = parent.steps.get(position=1)
    lease = claim(step.pk, worker="here")
    jobs.cancel(parent, at=at)

    with pytest.raises(JobCancelled):
        score_one_shard(about=step.params, at=at, report=lease)

    assert not Shortlist.objects.exists()


def test_what_is_gone_meanwhile_is_told(version, at):
    about = {"model_version_id": version.pk, "key": "gone", "as_of": AS_OF.isoformat(), "first": 1, "last": 2}
    for work in (score_one_shard, finish_scoring):
        with pytest.raises(RunGone):
            work(about=about, at=at, report=QUIET)
    with pytest.raises(VersionGone):
        begin_scoring(about={**about, "model_version_id": 0}, at=at, report=QUIET)


@contextmanager
def lists_locked():
    """Nobody can write shortlists: a worker stops in the middle of its transaction."""
    session = psycopg2.connect(database_url())
    try:
        session.cursor().execute("LOCK TABLE recommender_shortlist IN SHARE MODE")
        yield
    finally:
        session.close()


@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_a_shard_costs_time_and_nothing_else(version, at, start_worker):
    parent = start_scoring(version=version, by=None, at=at, size=5)
    first = start_worker()
    with lists_locked():
        wake(parent)
        wait_until(is_somebody_waiting_for_a_lock)
        first.kill()
    assert not Shortlist.objects.exists()

    start_worker()
    wait_until(lambda: Job.objects.get(pk=parent.pk).state in Job.ENDED_STATES, 120)
    parent.refresh_from_db()
    assert (parent.state, parent.done) == ("done", 5), parent.error
    assert Shortlist.objects.count() == N_CUSTOMERS
    assert sorted(parent.steps.values_list("attempt", flat=True)) == [1, 1, 1, 1, 2]
