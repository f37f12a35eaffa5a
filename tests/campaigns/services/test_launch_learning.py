"""What launches teach is learnt once, before anybody asks, and every new product opens it."""

import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import settings as site

from campaigns import tasks
from campaigns.models import NewProduct, NewProductSimulation
from campaigns.services import launches_ahead
from campaigns.services.launch_learning import is_learnt, learn_from_launches
from campaigns.services.launches import simulate_new_product
from loyalty.models import Category, Customer, Job, Order, OrderLine, Product
from loyalty.queries.orders import data_horizon
from loyalty.services.progress import JobCancelled, QuietProgress
from recommender.models import ModelVersion
from tests.campaigns.launch_shop import open_launch_shop

AT = datetime(2025, 2, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _artefacts(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path


@pytest.fixture
def last():
    return open_launch_shop()


def tried(**values):
    category = Category.objects.get(path="Shop > left")
    given = {"name": "Odd thing", "category": category, "brand": "odd", "price": Decimal("4.50"), "currency": "USD"}
    product = NewProduct.objects.create(**{**given, "created_at": AT, **values})
    return simulate_new_product(product=product, at=AT, seed=3, report=QuietProgress())


def said(simulation):
    """Every number of a simulation."""
    figures = simulation.forecasts.order_by("metric").values_list("metric", "mean", "mid", "low_50", "high_90")
    members = simulation.audience.members.order_by("position").values_list("customer_id", "score", "reason")
    return [list(figures), list(members), simulation.evidence, simulation.curves]


def sell(ordered_at, sku):
    product, _ = Product.objects.get_or_create(sku=sku, defaults={"name": sku, "currency": "USD", "brand": "odd"})
    order = Order.objects.create(
        external_id=f"more{Order.objects.count()}",
        customer=Customer.objects.first(),
        ordered_at=ordered_at,
        currency="USD",
    )
    OrderLine.objects.create(order=order, line_number=1, product=product, quantity=1, amount=2)


def test_a_second_new_product_opens_what_the_first_has_learnt(last):
    one, again = tried(), tried()

    assert ModelVersion.objects.get() == one.model_version == again.model_version
    assert said(one) == said(again)


def test_learnt_anew_it_says_exactly_the_same(last):
    kept = said(tried())
    shutil.rmtree(site.ARTEFACT_DIR)

    assert said(tried()) == kept
    assert ModelVersion.objects.count() == 2


def test_what_was_damaged_is_learnt_once_and_whole_again(last):
    version = tried().model_version
    params = site.ARTEFACT_DIR / version.artefact / "params.json"
    params.write_text("{}")

    mended = tried().model_version
    again = tried().model_version

    assert version != mended == again
    assert params.read_text() != "{}"


def test_orders_of_a_day_under_way_change_nothing_that_was_learnt(last):
    before = tried()
    sell(last + timedelta(seconds=1), "brandnew")

    after = tried()

    assert after.model_version == before.model_version
    assert after.as_of > before.as_of


def test_a_day_that_is_over_is_learnt_from(last):
    before = tried()
    sell(last + timedelta(days=1), "p0")

    assert not is_learnt(data_horizon())
    assert tried().model_version != before.model_version
    assert ModelVersion.objects.get(alias="champion").data_until > before.model_version.data_until


def test_it_is_learnt_ahead_once_a_day_of_orders(last):
    job = launches_ahead.make_due(at=AT)
    assert launches_ahead.make_due(at=AT) is None  # it is under way

    tasks.learn_launches(job.pk)
    job.refresh_from_db()

    assert (job.state, job.summary["model_version_id"]) == ("done", ModelVersion.objects.get().pk), job.error
    assert launches_ahead.make_due(at=AT + timedelta(days=1)) is None
    sell(last + timedelta(days=1), "p0")
    assert launches_ahead.make_due(at=AT + timedelta(hours=5)) is None  # learnt a short while ago
    assert launches_ahead.make_due(at=AT + timedelta(days=1)).task == launches_ahead.TASK


def test_it_waits_for_other_work_and_for_orders():
    assert launches_ahead.make_due(at=AT) is None

    open_launch_shop()
    Job.objects.create(task="loyalty.ingest", label="Import", created_at=AT, queued_at=AT)

    assert launches_ahead.make_due(at=AT) is None


def test_a_shop_without_launches_is_told_so_and_not_asked_again():
    open_launch_shop(n_launches=0)
    job = launches_ahead.make_due(at=AT)

    tasks.learn_launches(job.pk)
    job.refresh_from_db()

    assert job.state == "done"
    assert "needs 30 earlier launches" in job.summary["told"]
    assert launches_ahead.make_due(at=AT + timedelta(days=1)) is None


class Stopping(QuietProgress):
    """Somebody asks it to stop while it learns."""

    def __call__(self, done, total, message=""):
        if message == "Learning from earlier launches" and done > 20:
            raise JobCancelled


def test_stopped_while_it_learns_it_keeps_nothing(last):
    with pytest.raises(JobCancelled):
        learn_from_launches(as_of=data_horizon(), at=AT, report=Stopping())

    assert not ModelVersion.objects.exists()
    assert not NewProductSimulation.objects.exists()
