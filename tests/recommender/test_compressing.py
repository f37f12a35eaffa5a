"""A smaller copy of a version: measured beside the whole one, refused above the tolerance, promoted by the gate."""

from datetime import timedelta

import pytest
from django.urls import reverse

from loyalty.models import Customer, Job, Order, OrderLine
from loyalty.services.progress import QuietProgress
from recommender import registry
from recommender.engine.ease import Ease
from recommender.engine.popularity import Popularity
from recommender.models import ModelVersion, PairedScores
from recommender.queries.version_pages import comparison
from recommender.services.compressing import CannotCompress, Wish, compress_version
from recommender.services.requests import WAYS_TO_COMPRESS, NotCompressible, start_compressing
from recommender.services.shards import VersionGone
from recommender.services.training import train_recommenders
from recommender.tasks import compress_version_task
from tests.recommender.test_services import AS_OF, JobProgress, artefact_dir, shop  # noqa: F401 - fixtures
from tests.rows import make_version

pytestmark = pytest.mark.django_db
QUIET = QuietProgress()
HALF = Wish("float16", 0.01, 1)


@pytest.fixture
def version(shop, at):  # noqa: F811
    """Which knows both shelves, and serves."""
    competing = (Popularity(), Ease())
    return train_recommenders(as_of=AS_OF, at=at, random_state=1, report=QUIET, competing=competing).versions[1]


def compress(version, at, wish=HALF, report=QUIET):
    return compress_version(version_id=version.pk, wish=wish, at=at, report=report)


@pytest.mark.parametrize("how", WAYS_TO_COMPRESS)
def test_the_copy_is_smaller_and_both_figures_stand_beside_each_other(version, at, how):
    made = compress(version, at, Wish(how, 0.5, 1))

    told = made.evaluation["compression"]
    assert made.parent == version
    assert (made.algorithm, made.alias, made.data_fingerprint) == (version.algorithm, "", version.data_fingerprint)
    assert made.artefact_bytes < version.artefact_bytes
    assert told["bytes_after"] < told["bytes_before"]
    assert told["before"]["value"] == pytest.approx(version.metrics["ndcg_at_10"]["value"])
    assert told["after"]["value"] == pytest.approx(made.metrics["ndcg_at_10"]["value"])
    assert told["loss"]["low"] <= told["before"]["value"] - told["after"]["value"] <= told["loss"]["high"] + 1e-9
    assert PairedScores.objects.filter(version=made).exists()
    assert comparison(made, version).lines[0].difference is not None


def test_it_serves_by_the_gate_and_goes_back(version, at, marketer):
    made = compress(version, at)

    registry.promote(made, by=marketer)
    assert registry.champion("recommendation") == made
    assert registry.open_recommender(made).kind == "ease"
    assert registry.roll_back("recommendation", by=marketer) == version


def test_what_may_lose_too_much_is_refused_with_how_much(version, at, monkeypatch):
    monkeypatch.setattr("recommender.engine.compression.KEPT_SHARE", 0.02)

    with pytest.raises(CannotCompress, match=r"may cost too much: it loses .* is tolerated\. Choose another"):
        compress(version, at, Wish("pruned", 0.001, 1))
    assert not ModelVersion.objects.exclude(parent=None).exists()


def test_where_the_orders_have_changed_nobody_can_say_what_it_costs(version, at):
    order = Order.objects.create(
        external_id="late", customer=Customer.objects.first(), ordered_at=AS_OF - timedelta(days=90), currency="USD"
    )
    product_id = OrderLine.objects.first().product_id
    OrderLine.objects.create(order=order, line_number=1, product_id=product_id, quantity=1, amount=1)

    with pytest.raises(CannotCompress, match="have changed since"):
        compress(version, at)


def test_what_was_never_tested_or_is_gone_is_told_so(at):
    with pytest.raises(CannotCompress, match="was tested"):
        compress(make_version(1), at)
    with pytest.raises(VersionGone):
        compress_version(version_id=-1, wish=HALF, at=at, report=QUIET)


def test_a_job_makes_one_copy_however_often_it_is_done(version, at):
    job = Job.objects.create(task="recommender.compress_version", label="Smaller", created_at=at)

    made = [compress(version, at, report=JobProgress(job)) for _ in range(2)]

    assert made[0] == made[1]


def test_asked_twice_it_is_one_job_and_a_copy_is_not_copied(version, at, marketer):
    asked = {"how": "int8", "tolerated_percent": 1.0, "by": marketer, "at": at}

    assert start_compressing(version=version, **asked) == start_compressing(version=version, **asked)
    with pytest.raises(NotCompressible, match="made from"):
        start_compressing(version=compress(version, at), **asked)
    with pytest.raises(NotCompressible, match="recommends products"):
        start_compressing(version=make_version(5, purpose="reception"), **asked)


def test_the_page_asks_and_shows_what_it_cost(version, at, client, admin_user):
    client.force_login(admin_user)
    made = compress(version, at)

    whole, small = (client.get(reverse("model-version", args=[one.pk])).content.decode() for one in (version, made))

    assert "Make a smaller copy" in whole
    assert made.verdict.partition(":")[0] in whole
    assert "What the smaller copy costs" in small
    assert f"{version.label}, version {version.pk}" in small


def test_a_wish_becomes_a_job_and_nonsense_a_sentence(version, client, admin_user):
    client.force_login(admin_user)
    url = reverse("model-compress", args=[version.pk])

    client.post(url, {"how": "int8", "tolerated_percent": "2.5"})
    job = Job.objects.get(task="recommender.compress_version")
    assert job.params == {"model_version_id": version.pk, "how": "int8", "tolerated_share": 0.025}
    told = client.post(url, {"how": "gzip", "tolerated_percent": "99"}, follow=True).content.decode()
    assert "Choose how to make it smaller." in told
    assert "write a percentage from 0.1 to 10" in told


def test_the_task_hands_the_wish_over(version, at):
    params = {"model_version_id": version.pk, "how": "float16", "tolerated_share": 0.01}
    job = Job.objects.create(task="recommender.compress_version", label="Smaller", params=params, created_at=at)

    compress_version_task(job.pk)

    job.refresh_from_db()
    assert (job.state, job.summary["model_version_id"]) == ("done", ModelVersion.objects.get(parent=version).pk)
