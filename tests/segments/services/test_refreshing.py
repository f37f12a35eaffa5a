from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.db import connection

from loyalty.models import Consent, Customer, Job
from loyalty.queries.marks import Changed, change_mark, changed_since
from loyalty.services.features import add_up_changes
from loyalty.services.progress import QuietProgress
from loyalty.services.sales import add_up_sales
from segments.models import Segment, SegmentMembership, SegmentRefresh, SegmentRule
from segments.services.refreshing import make_due, refresh_segments
from segments.services.rules import RulePlan, change_segment, create_segment, freeze_segment
from tests.conftest import database_url
from tests.loyalty.features.world import buy, make_product

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINE = {
    "kind": "bought", "about": {"category": ["Wine"]}, "when": {"last_days": 30}, "counts": {"times": {"at_least": 2}},
}  # fmt: skip
ALLOWS = {"kind": "consent", "channel": "email"}


@pytest.fixture(autouse=True)
def _files_of_its_own(settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


@pytest.fixture
def wine() -> Any:
    return make_product("w1", "Wine")


@pytest.fixture
def people(wine) -> dict[str, Customer]:
    """Ada and Bo bought wine twice of late, Bo once nearly a month ago; Cy once; all may be written to."""
    found = {name: Customer.objects.create(external_id=name) for name in ("ada", "bo", "cy")}
    for name, days in (("ada", 3), ("ada", 9), ("bo", 4), ("bo", 29), ("cy", 2)):
        buy(found[name], wine, NOW - timedelta(days=days))
    for one in found.values():
        Consent.objects.create(customer=one, channel="email", state="granted", source="form", at=NOW - timedelta(90))
    add_up_sales()
    return found


def make(*conditions: Any, name: str = "Wine lovers", **more: Any) -> Segment:
    tree = {"version": 1, "rule": {"every": list(conditions)}}
    return create_segment(plan=RulePlan(name, tree, **more), by=None, at=NOW)


def refresh(at: datetime, **how: Any) -> dict[str, Any]:
    given = {"segment_ids": None, "is_full": False, "report": QuietProgress(), **how}
    return refresh_segments(at=at, **given)


def members(segment: Segment) -> list[str]:
    inside = SegmentMembership.objects.filter(segment=segment, valid_until=None).order_by("customer_id")
    return list(inside.values_list("customer__external_id", flat=True))


def spans(segment: Segment, name: str) -> list[tuple[Any, ...]]:
    mine = SegmentMembership.objects.filter(segment=segment, customer__external_id=name).order_by("id")
    return list(mine.values_list("valid_from", "valid_until", "entered_because", "left_because"))


def test_a_new_segment_is_filled_and_says_why(people) -> None:
    segment = make(WINE, ALLOWS)
    refresh(NOW)

    assert members(segment) == ["ada", "bo"]
    assert spans(segment, "ada") == [(NOW, None, "The segment was made", "")]
    told = SegmentRefresh.objects.get()
    assert (told.n_entered, told.n_left, told.n_members, told.is_full, told.version) == (2, 0, 2, True, 1)


def test_who_changes_enters_and_leaves_at_once_with_the_condition_that_decided(people, wine) -> None:
    segment = make(WINE, ALLOWS)
    refresh(NOW)
    buy(people["cy"], wine, NOW + HOUR / 2)
    Consent.objects.create(customer=people["ada"], channel="email", state="revoked", source="web", at=NOW + HOUR / 2)

    refresh(NOW + HOUR)

    assert members(segment) == ["bo", "cy"]
    bought = "Now: bought in “Wine” at least 2 times in the last 30 days"
    assert spans(segment, "cy") == [(NOW + HOUR, None, bought, "")]
    assert spans(segment, "ada") == [(NOW, NOW + HOUR, "The segment was made", "No longer: allows marketing by email")]
    told = SegmentRefresh.objects.first()
    assert (told.is_full, told.n_entered, told.n_left, told.n_members) == (False, 1, 1, 2)


@pytest.mark.django_db(transaction=True)
def test_time_alone_moves_people_when_everybody_is_looked_at(people) -> None:
    segment = make(WINE, refresh_hours=24)
    refresh(NOW)
    refresh(NOW + 2 * HOUR)
    assert SegmentRefresh.objects.count() == 1  # nobody changed, so there was nothing to do
    refresh(NOW + timedelta(days=2))

    assert members(segment) == ["ada"]
    assert spans(segment, "bo")[0][3] == "No longer: bought in “Wine” at least 2 times in the last 30 days"


def test_a_changed_rule_is_looked_at_again_and_given_as_the_reason(people) -> None:
    segment = make(WINE)
    refresh(NOW)
    once = {**WINE, "counts": {"times": {"at_least": 1}}}
    plan = RulePlan("Wine lovers", {"version": 1, "rule": {"every": [once]}})
    change_segment(segment=segment, plan=plan, by=None, at=NOW + HOUR)

    refresh(NOW + HOUR)

    assert members(segment) == ["ada", "bo", "cy"]
    assert spans(segment, "cy")[0][2] == "The rule was changed"


def test_a_frozen_segment_stays_and_the_one_it_was_made_of_goes_on(people, wine) -> None:
    segment = make(WINE)
    refresh(NOW)
    frozen = freeze_segment(segment=segment, at=NOW + HOUR)
    buy(people["cy"], wine, NOW + HOUR)
    refresh(NOW + 2 * HOUR)

    assert members(frozen) == ["ada", "bo"]
    assert members(segment) == ["ada", "bo", "cy"]
    assert frozen.rule.tree == segment.rule.tree


def test_a_segment_that_asks_about_another_follows_it_in_the_same_pass(people, wine) -> None:
    first = make(WINE)
    second = make({"not": {"kind": "segment", "segment": first.pk}}, name="No wine lovers")
    refresh(NOW)
    assert members(second) == ["cy"]
    buy(people["cy"], wine, NOW + HOUR)

    refresh(NOW + 2 * HOUR)

    assert members(second) == []
    assert spans(second, "cy")[0][3] == "Now: is in the segment “Wine lovers”"


def test_a_new_customer_is_looked_at_though_nothing_was_bought(people) -> None:
    segment = make({"not": {"kind": "bought"}}, name="Never bought")
    refresh(NOW)
    Customer.objects.create(external_id="dee")
    refresh(NOW + HOUR)
    assert members(segment) == ["dee"]
    assert spans(segment, "dee")[0][2] == "What is known of them was changed"


def test_an_erased_customer_is_gone_and_the_refresh_goes_on(people) -> None:
    segment = make(ALLOWS)
    refresh(NOW)
    people["cy"].consents.all().delete()
    SegmentMembership.objects.filter(customer=people["cy"]).delete()
    people["cy"].orders.all().delete()
    people["cy"].delete()
    refresh(NOW + HOUR, is_full=True)
    assert members(segment) == ["ada", "bo"]


def test_a_rule_that_is_not_understood_any_more_keeps_its_members_and_says_why(people) -> None:
    segment = make(WINE)
    refresh(NOW)
    broken = {"version": 1, "rule": {"every": [{"kind": "feature", "name": "gone", "test": {"at_least": 1}}]}}
    SegmentRule.objects.filter(segment=segment).update(tree=broken, version=2)
    refresh(NOW + HOUR)
    assert members(segment) == ["ada", "bo"]
    assert "There is no feature called “gone”" in SegmentRefresh.objects.first().trouble


@pytest.mark.django_db(transaction=True)
def test_what_is_due_is_queued_once_and_only_when_there_is_something_to_do(people, wine) -> None:
    segment = make(WINE)
    job = make_due(at=NOW)
    assert job is not None
    assert make_due(at=NOW) is None
    Job.objects.update(state=Job.State.DONE)
    refresh(NOW)
    assert make_due(at=NOW + HOUR) is None

    buy(people["cy"], wine, NOW + HOUR)

    assert make_due(at=NOW + HOUR) is not None
    assert segment.rule.version == 1


def test_the_same_job_again_changes_nothing(people) -> None:
    segment = make(WINE)
    refresh(NOW)
    before = list(SegmentMembership.objects.order_by("id").values())
    refresh(NOW + HOUR, is_full=True, segment_ids=[segment.pk])
    assert list(SegmentMembership.objects.order_by("id").values()) == before


@pytest.mark.django_db(transaction=True)
def test_who_was_written_long_ago_but_committed_late_is_not_missed(people, wine) -> None:
    """The control is the newest key: it would have missed them."""
    other = psycopg2.connect(database_url())
    try:
        with other.cursor() as cursor:
            cursor.execute(
                "INSERT INTO loyalty_consent (customer_id, purpose, channel, state, source, at) "
                "VALUES (%s, 'marketing', 'sms', 'granted', 'form', %s)",
                [people["ada"].pk, NOW],
            )
            buy(people["bo"], wine, NOW)
            mark, newest = change_mark(), newest_key()
            assert changed_since(mark, tables={"loyalty_consent"}).customer_ids >= {people["bo"].pk}
            other.commit()
    finally:
        other.close()

    assert people["ada"].pk in changed_since(mark, tables={"loyalty_consent"}).customer_ids
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM loyalty_datachange WHERE id > %s", [newest])
        assert cursor.fetchone()[0] == 0


@pytest.mark.django_db(transaction=True)
def test_what_another_database_of_the_server_does_holds_nothing_up(people, wine) -> None:
    """The control is the same transaction in this database: until it ends it may still commit."""
    marks = {}
    for name in ("postgres", urlsplit(database_url()).path[1:]):
        other = psycopg2.connect(urlsplit(database_url())._replace(path=f"/{name}").geturl())
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_current_xact_id()")
            buy(people["bo"], wine, NOW)
            marks[name] = changed_since(change_mark(), tables={"loyalty_order"})
        finally:
            other.close()

    elsewhere, here = marks.values()
    assert elsewhere == Changed(frozenset())
    assert here.customer_ids == {people["bo"].pk}


def newest_key() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM loyalty_datachange")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_marks_that_were_added_up_meanwhile_are_still_seen(people, wine) -> None:
    add_up_changes()
    mark = change_mark()
    assert changed_since(mark, tables={"loyalty_order"}) == Changed(frozenset())
    buy(people["bo"], wine, NOW)
    buy(people["bo"], wine, NOW)
    add_up_changes()
    assert changed_since(mark, tables={"loyalty_order"}).customer_ids == {people["bo"].pk}
