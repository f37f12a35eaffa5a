"""The demo's data are taken in once, and again only where they are no longer there."""

import pytest

from campaigns.services.demo import Load, load_once, loads
from campaigns.sources.complete_journey import DemoDataMissing, folder
from loyalty.models import Customer, IngestRun
from loyalty.services.ingest import kind_named
from loyalty.services.progress import QuietProgress
from tests.worlds import text_table

pytestmark = [pytest.mark.django_db, pytest.mark.real_data]


@pytest.fixture(autouse=True)
def package():
    try:
        return folder()
    except DemoDataMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def load():
    return Load(kind_named("customers"), ("demographics",), lambda: text_table({"customer_id": "A"}))


def test_what_is_there_is_not_taken_in_again(load, at):
    assert load_once(load, at=at, report=QuietProgress())["was_there"] is False
    assert load_once(load, at=at, report=QuietProgress())["was_there"] is True
    assert IngestRun.objects.count() == 1


def test_what_was_lost_is_taken_in_again(load, at):
    load_once(load, at=at, report=QuietProgress())
    Customer.objects.all().delete()

    assert load_once(load, at=at, report=QuietProgress())["created"] == 1
    assert Customer.objects.exists()


def test_another_file_is_not_taken_for_the_same(load):
    other = Load(load.kind, ("campaigns",), load.read)

    assert load.fingerprint != other.fingerprint


def test_every_table_comes_after_the_ones_it_names():
    order = [load.kind.name for load in loads()]

    assert order.index("customers") < order.index("orders") < order.index("redemptions")
    assert order.index("campaigns") < order.index("sends")
