import pytest
from django.urls import reverse

from recommender.models import ModelVersion
from tests.rows import make_version

pytestmark = pytest.mark.django_db


def promote(client, version):
    data = {"action": "promote_selected", "_selected_action": [version.pk]}
    response = client.post(reverse("admin:recommender_modelversion_changelist"), data, follow=True)
    return [str(message) for message in response.context["messages"]]


@pytest.fixture
def boss(client, marketer):
    client.force_login(marketer)
    return client


def test_a_version_that_beats_the_baseline_replaces_the_champion(boss):
    former = make_version(1, alias="champion", is_baseline=True)
    better = make_version(2, metrics={"advantage": {"value": 0.02, "low": 0.01, "high": 0.03}})
    assert promote(boss, better) == [f"In use: {better}."]
    assert list(ModelVersion.objects.filter(alias="champion")) == [better]
    assert former.pk != better.pk


@pytest.mark.parametrize("metrics", [{}, {"advantage": {"value": 0.0, "low": -0.01, "high": 0.01}}])
def test_a_version_that_does_not_is_refused_and_nothing_changes(boss, metrics):
    champion = make_version(1, alias="champion", is_baseline=True)
    (told,) = promote(boss, make_version(2, metrics=metrics))
    assert "in use" not in told.lower()
    assert list(ModelVersion.objects.filter(alias="champion")) == [champion]


def test_who_may_not_change_models_promotes_none(client, django_user_model):
    looker = django_user_model.objects.create_user("looker", is_staff=True)
    client.force_login(looker)
    version = make_version(1, is_baseline=True)
    response = client.post(
        reverse("admin:recommender_modelversion_changelist"),
        {"action": "promote_selected", "_selected_action": [version.pk]},
    )
    assert response.status_code == 403
    assert not ModelVersion.objects.filter(alias="champion").exists()
