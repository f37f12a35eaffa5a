from datetime import timedelta

import pytest

from loyalty.models import Job, Order
from recommender.models import ModelVersion, Recommendation
from recommender.services.training import line_up
from recommender.tasks import learn_product_relations_task, train_recommenders_task
from tests.recommender.test_services import AS_OF, artefact_dir, shop

pytestmark = pytest.mark.django_db
__all__ = ["artefact_dir", "shop"]


def test_training_is_a_job_as_of_the_newest_order(shop, at):
    newest = Order.objects.latest("ordered_at").ordered_at
    job = Job.objects.create(task="recommender.train_recommenders", label="Learn", params={"seed": 1}, created_at=at)

    train_recommenders_task(job.pk)

    job.refresh_from_db()
    champion = ModelVersion.objects.get(alias="champion")
    assert (job.state, job.error) == (Job.State.DONE, "")
    assert job.summary["champion_id"] == champion.pk
    assert set(job.summary["recall_at_10"]) == {one.kind for one in line_up(1)}
    assert job.summary["n_recommendations"] == Recommendation.objects.count() == 300
    assert champion.data_until == newest + timedelta(seconds=1) - timedelta(days=28)


def test_too_few_orders_end_a_job_with_a_sentence(shop, at):
    early = (AS_OF - timedelta(days=140)).isoformat()
    job = Job.objects.create(
        task="recommender.learn_product_relations", label="Learn", params={"as_of": early}, created_at=at
    )

    learn_product_relations_task(job.pk)

    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert job.error == "No product is in 50 or more orders: import more orders first."
