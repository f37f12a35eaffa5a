"""`kill -9` of real workers while a new product is tried: its numbers are those of an undisturbed run, once."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from campaigns.models import Audience, LaunchEntry, NewProduct, NewProductForecast, NewProductSimulation
from campaigns.services.launches import simulate_new_product
from campaigns.services.new_products import SEED, TASK
from loyalty.models import Category, Job
from loyalty.services.jobs import create_job
from loyalty.services.progress import QuietProgress
from loyalty.tasks import wake
from recommender.models import ModelVersion
from tests.campaigns.launch_shop import open_launch_shop
from tests.conftest import wait_until
from tests.locks import locked
from tests.loyalty.test_worker import is_somebody_waiting_for_a_lock

pytestmark = [pytest.mark.worker, pytest.mark.django_db(transaction=True)]
AT = datetime(2025, 2, 1, tzinfo=UTC)


@pytest.fixture
def product():
    open_launch_shop()
    given = {"name": "Odd thing", "brand": "odd", "price": Decimal("4.50"), "currency": "USD", "created_at": AT}
    return NewProduct.objects.create(category=Category.objects.get(path="Shop > left"), **given)


def numbers(simulation):
    figures = simulation.forecasts.order_by("metric").values_list("metric", "mean", "mid", "low_50", "high_90")
    members = simulation.audience.members.order_by("position").values_list("customer_id", "score", "reason")
    return [list(figures), list(members), simulation.evidence, simulation.curves]


def test_killed_while_it_learns_and_while_it_writes_it_says_the_same(product, at, start_worker):
    job = create_job(task=TASK, label="Try it", params={"new_product_id": product.pk, "seed": SEED}, by=None, at=at)
    for model in (ModelVersion, NewProductForecast):
        worker = start_worker()
        with locked(model):
            wake(job)
            wait_until(is_somebody_waiting_for_a_lock, 120)
            worker.kill()
            # What it had asked for would still be written if the lock were given up before the database noticed.
            wait_until(lambda: not is_somebody_waiting_for_a_lock())
    assert not NewProductSimulation.objects.exists()
    assert not Audience.objects.exists()

    worker = start_worker()
    wait_until(lambda: Job.objects.get(pk=job.pk).state in Job.ENDED_STATES, 180)

    job.refresh_from_db()
    assert (job.state, job.attempt) == (Job.State.DONE, 3), job.error + worker.output()[-2000:]
    told = NewProductSimulation.objects.get()
    undisturbed = simulate_new_product(product=product, at=AT, seed=SEED, report=QuietProgress())
    assert numbers(told) == numbers(undisturbed)
    assert ModelVersion.objects.count() == 1
    assert LaunchEntry.objects.filter(simulation=told).count() == 1
