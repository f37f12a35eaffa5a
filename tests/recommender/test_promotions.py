"""Who may serve, who let it, and that no version is ever changed: in the database, whoever asks."""

import pytest
from django.db import IntegrityError, connection, transaction

from loyalty.models import AuditEntry, Job
from recommender import registry
from recommender.models import ModelVersion, Promotion
from recommender.services import serving
from tests.recommender.test_model_pages import EARNS, SURE, UNSURE, artefact, artefact_dir, publish
from tests.rows import make_version
from tests.together import together

pytestmark = pytest.mark.django_db
__all__ = ["artefact", "artefact_dir", "publish"]
GOOD = {"advantage": SURE, **EARNS}
WEAK = {"advantage": UNSURE, **EARNS}
REASON = "The board wants to see it at work for a week."


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("metrics", '{"advantage": {"low": 1}}'),
        ("label", "Better"),
        ("data_until", "2030-01-01"),
        ("seed", 99),
        ("card", "[]"),
        ("evaluation", '{"readiness": null}'),
        ("artefact_sha256", "x"),
        ("is_baseline", True),
        ("trained_at", "2030-01-01"),
    ],
)
def test_the_database_refuses_to_change_what_was_learnt(column, value):
    version = make_version(1, card=[{"title": "a", "text": "b"}], evaluation={"k": 10})
    with (
        connection.cursor() as cursor,
        pytest.raises(IntegrityError, match="Train again instead"),
        transaction.atomic(),
    ):
        cursor.execute(f"UPDATE recommender_modelversion SET {column} = %s WHERE id = %s", [value, version.pk])


def test_the_orm_cannot_change_it_either_but_which_serves_may_move():
    version = make_version(1)
    version.verdict = "It is the best."
    with pytest.raises(IntegrityError), transaction.atomic():
        version.save()
    ModelVersion.objects.filter(pk=version.pk).update(alias="champion")
    assert ModelVersion.objects.get().verdict == ""


def test_the_job_that_made_it_may_be_forgotten_not_replaced(at):
    job, other = (Job.objects.create(task="t", label="Learn", created_at=at) for _ in range(2))
    version = make_version(1, job=job)
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelVersion.objects.filter(pk=version.pk).update(job=other)
    job.delete()
    assert ModelVersion.objects.get().job is None


def test_the_admin_offers_no_way_to_change_it(client, marketer):
    version = make_version(1)
    client.force_login(marketer)
    address = f"/admin/recommender/modelversion/{version.pk}/change/"
    assert client.post(address, {"label": "Better"}).status_code == 403
    assert ModelVersion.objects.get().label == version.label


def test_a_promotion_is_written_down_and_stays(marketer):
    former, better = make_version(1, is_baseline=True), make_version(2, metrics=GOOD, verdict="It found more.")
    registry.promote(former)
    registry.promote(better, by=marketer)

    second, first = Promotion.objects.all()
    assert (first.version, first.from_version, first.by) == (former, None, None)
    assert (second.version, second.from_version, second.by, second.reason) == (
        better,
        former,
        marketer,
        "It found more.",
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        Promotion.objects.update(reason="Because.")
    marketer.delete()
    assert Promotion.objects.first().by is None


def test_there_is_one_champion_and_one_challenger_a_purpose():
    one, two = make_version(1, alias="challenger"), make_version(2)
    for alias in ("challenger", "champion"):
        ModelVersion.objects.filter(pk=one.pk).update(alias=alias)
        with pytest.raises(IntegrityError), transaction.atomic():
            ModelVersion.objects.filter(pk=two.pk).update(alias=alias)
    registry.challenge(two)
    registry.challenge(make_version(3))
    assert [one.label for one in ModelVersion.objects.filter(alias="challenger")] == ["Bestsellers 3"]


@pytest.mark.parametrize("reason", ["", "   ", "why not"])
def test_the_gate_is_not_overridden_without_a_reason(marketer, reason):
    with pytest.raises(registry.PromotionRefused, match="Say in a sentence"):
        registry.promote(make_version(1, metrics=WEAK), by=marketer, reason=reason, override=True)
    assert not Promotion.objects.exists()


def test_an_override_says_who_why_and_that_it_was_one(marketer, publish, at):
    weak = publish("Taste", metrics=WEAK)
    with pytest.raises(registry.PromotionRefused, match="not surely better"):
        serving.put_in_use(version=weak, by=marketer, at=at)

    serving.put_in_use(version=weak, by=marketer, at=at, override_reason=REASON)

    told = Promotion.objects.get()
    assert (told.by, told.reason, told.is_override) == (marketer, REASON, True)
    assert registry.champion("recommendation") == weak


def test_the_reason_stands_in_the_trail(client, marketer, publish):
    client.force_login(marketer)
    weak = publish("Taste", metrics=WEAK)
    client.post(f"/models/{weak.pk}/promote/", {"override_reason": REASON})
    entry = AuditEntry.objects.get(table="recommender_modelversion", action="changed")
    assert (entry.actor_name, entry.reason, entry.after) == ("marketer", REASON, {"alias": "champion"})


def test_what_the_gate_lets_through_is_no_override(marketer):
    registry.promote(make_version(1, metrics=GOOD), by=marketer, reason=REASON, override=True)
    assert not Promotion.objects.get().is_override


def test_going_back_leads_further_back_each_time(marketer):
    first, second, third = (make_version(number, metrics=GOOD) for number in range(3))
    for version in (first, second, third):
        registry.promote(version)

    assert registry.roll_back("recommendation", by=marketer) == second
    assert registry.roll_back("recommendation", by=marketer) == first
    with pytest.raises(registry.PromotionRefused, match="nothing to go back to"):
        registry.roll_back("recommendation", by=marketer)
    registry.promote(third)
    assert registry.roll_back("recommendation", by=marketer) == first
    assert Promotion.objects.filter(is_roll_back=True).count() == 3


def promotions_at_once(rounds=5):
    raised = []
    for number in range(rounds):
        versions = [make_version(10 * number + place, metrics=GOOD) for place in range(3)]
        raised += together(*(lambda version=version: registry.promote(version) for version in versions))
    return raised


@pytest.mark.django_db(transaction=True)
def test_promotions_at_once_leave_one_champion_and_an_unbroken_history():
    registry.promote(make_version(999, is_baseline=True))

    assert promotions_at_once() == []

    assert ModelVersion.objects.filter(alias="champion").count() == 1
    history = list(Promotion.objects.order_by("pk").values_list("from_version", "version"))
    assert [before for before, _ in history[1:]] == [after for _, after in history[:-1]]


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_they_would_get_in_each_others_way(monkeypatch):
    def unlocked(purpose):
        return ModelVersion.objects.filter(purpose=purpose).order_by("pk")

    monkeypatch.setattr(registry, "_rivals", unlocked)
    registry.promote(make_version(999, is_baseline=True))

    assert promotions_at_once(rounds=20) != []
