import pytest
from django.urls import reverse

from loyalty.models import Job
from recommender.models import ModelVersion, Promotion
from tests.recommender.test_model_pages import EARNS, SURE, UNSURE, artefact, artefact_dir, publish
from tests.rows import make_version

pytestmark = pytest.mark.django_db
__all__ = ["artefact", "artefact_dir", "publish"]


def promote(client, version):
    data = {"action": "promote_selected", "_selected_action": [version.pk]}
    response = client.post(reverse("admin:recommender_modelversion_changelist"), data, follow=True)
    return [str(message) for message in response.context["messages"]]


@pytest.fixture
def boss(client, marketer):
    client.force_login(marketer)
    return client


def test_a_version_that_beats_the_baseline_replaces_the_champion(boss, marketer, publish):
    former = make_version(1, alias="champion", is_baseline=True)
    better = publish("Taste", metrics={"advantage": SURE, **EARNS})
    assert promote(boss, better) == [f"In use: {better}."]
    assert list(ModelVersion.objects.filter(alias="champion")) == [better]
    told = Promotion.objects.get()
    assert (told.version, told.from_version, told.by, told.is_override) == (better, former, marketer, False)
    assert Job.objects.get(parent=None).steps.filter(task="recommender.score_shard").exists()


@pytest.mark.parametrize("metrics", [{}, {"advantage": UNSURE, **EARNS}, {"advantage": SURE}])
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
