import pytest
from rest_framework.test import APIClient

from campaigns.models import NewProduct, NewProductSimulation
from loyalty.models import Category, Job
from tests.rows import fill

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/new-product-simulations"
GOOD = {"name": "Cold brew", "category": "Grocery > New", "price": "3.49", "attributes": {"size": "12 OZ"}}


@pytest.fixture
def api(marketer):
    client = APIClient()
    client.force_authenticate(marketer)
    return client


def test_a_new_product_is_tried_by_a_job_that_can_be_followed(api, marketer):
    Category.objects.create(path="Grocery > New", name="New")

    response = api.post(ADDRESS, GOOD, format="json")

    assert response.status_code == 202
    job = Job.objects.get()
    assert (response.json()["id"], job.started_by) == (job.pk, marketer)
    assert NewProduct.objects.get().attributes == {"size": "12 OZ"}


def test_what_is_wrong_is_answered_by_field(api):
    response = api.post(ADDRESS, {**GOOD, "price": "-1"}, format="json")

    assert response.status_code == 400
    assert set(str(response.json()).split("'")) >= {"category", "price"}
    assert not Job.objects.exists()


def test_a_misspelt_field_is_refused(api):
    assert api.post(ADDRESS, {**GOOD, "prize": "1"}, format="json").status_code == 400


def test_trying_needs_the_permission(django_user_model):
    stranger = APIClient()
    stranger.force_authenticate(django_user_model.objects.create_user("plain"))

    assert stranger.post(ADDRESS, GOOD, format="json").status_code == 403
    assert not Job.objects.exists()


def test_a_simulation_is_read_with_its_intervals(api):
    fill(1)
    pk = NewProductSimulation.objects.get().pk

    body = api.get(f"{ADDRESS}/{pk}").json()

    buyers = next(row for row in body["forecasts"] if row["metric"] == "buyers")
    assert (buyers["low_90"], buyers["mid"], buyers["high_90"]) == (101, 104, 107)
    assert body["new_product"]["category"] == "Grocery > New"
    assert body["evidence"]["n_launches"] == 40
    (row,) = api.get(ADDRESS).json()["results"]
    assert "evidence" not in row
