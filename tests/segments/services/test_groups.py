from datetime import timedelta

import pytest
from django.utils.timezone import now

from loyalty.models import Customer, Job
from loyalty.services.progress import QuietProgress
from segments.engine.lifecycle import LifecycleSpec
from segments.engine.rfm import GROUPS, RfmSpec
from segments.models import GroupReport, Segment, SegmentMembership
from segments.services.groups import read_lifecycle, read_rfm
from segments.services.rhythm import make_due, spec_of, start_reading, start_scoring
from tests.segments.shop import CLOSED, open_shop

pytestmark = pytest.mark.django_db
LATER = CLOSED + timedelta(days=1)


class OfJob(QuietProgress):
    def __init__(self, job_id):
        self.job_id = job_id


def read(what, spec, at=LATER, as_of=CLOSED, report=None):
    return what(spec=spec, as_of=as_of, at=at, report=report or QuietProgress())


def test_everybody_who_ordered_is_in_one_rfm_group():
    customers = open_shop()

    told = read(read_rfm, RfmSpec())

    inside = SegmentMembership.objects.filter(segment__kind="rfm", valid_until=None)
    assert inside.count() == len(customers) - 1
    assert inside.values("customer").distinct().count() == inside.count()
    assert list(Segment.objects.filter(kind="rfm").order_by("number").values_list("name", flat=True)) == list(GROUPS)
    sizes = {one["name"]: one["n_customers"] for one in told.facts["groups"]}
    assert {name: inside.filter(segment__name=name).count() for name in GROUPS} == sizes
    assert inside.first().entered_because == "RFM as of 27 Oct 2024"


def test_months_are_replayed_so_that_the_first_day_has_a_history():
    open_shop()

    told = read(read_rfm, RfmSpec())

    assert len(told.facts["months"]) >= 9
    assert told.facts["months"][-1] == "2024-10-28"
    for moved in told.facts["moved"][4:]:
        assert sum(map(sum, moved)) > 100
    assert sum(told.facts["came_again"]) > 0


def test_a_replayed_month_is_what_would_have_been_read_then():
    open_shop()
    now_told = read(read_rfm, RfmSpec())
    month = CLOSED.replace(month=9, day=28, hour=0)

    then = read(read_rfm, RfmSpec(), at=LATER + timedelta(days=1), as_of=month)

    moved = now_told.facts["moved"][-1]
    was = [sum(row) for row in moved]
    assert [one["n_customers"] for one in then.facts["groups"]] == was


def test_read_again_with_other_scores_moves_people_and_keeps_the_spec():
    open_shop()
    read(read_rfm, RfmSpec())

    told = read(read_rfm, RfmSpec(3, 3, 3), at=LATER + timedelta(hours=1))

    assert GroupReport.objects.get(kind="rfm").pk == told.pk
    assert spec_of({}) == RfmSpec(3, 3, 3)
    assert spec_of({"recency": 7}) == RfmSpec(7, 3, 3)
    gone = SegmentMembership.objects.filter(segment__kind="rfm").exclude(valid_until=None)
    assert gone.exists()
    assert SegmentMembership.objects.filter(segment__kind="rfm", valid_until=None).count() == 149


def test_a_segments_own_name_stays():
    open_shop()
    read(read_rfm, RfmSpec())
    Segment.objects.filter(kind="rfm", number=0).update(name="Our best")

    read(read_rfm, RfmSpec(), at=LATER + timedelta(hours=1))

    assert Segment.objects.get(kind="rfm", number=0).name == "Our best"


@pytest.mark.parametrize(("what", "spec"), [(read_rfm, RfmSpec()), (read_lifecycle, LifecycleSpec())], ids=["r", "l"])
def test_the_same_job_writes_once(what, spec):
    open_shop()
    job = Job.objects.create(task="segments.x", label="Read", created_at=CLOSED)

    first = read(what, spec, report=OfJob(job.pk))
    second = read(what, spec, at=LATER + timedelta(hours=1), report=OfJob(job.pk))

    assert (first.pk, first.made_at) == (second.pk, second.made_at)


def test_everybody_has_one_place_in_the_lifecycle_leads_too():
    customers = open_shop()

    told = read(read_lifecycle, LifecycleSpec())

    inside = SegmentMembership.objects.filter(segment__kind="lifecycle", valid_until=None)
    assert inside.count() == len(customers)
    assert inside.get(customer=customers[0]).segment.name == "Lead"
    sizes = {one["name"]: one["n_customers"] for one in told.facts["groups"]}
    assert sizes["Active"] > 60
    assert sizes["At risk"] + sizes["Inactive"] > 25
    assert told.facts["rule"]["chosen_on_day"] < told.facts["came_back"][0]["n_looks"] + 10**6


def test_too_little_history_is_refused_with_the_reason_and_nobody_is_moved():
    open_shop()
    read(read_lifecycle, LifecycleSpec())
    n_before = SegmentMembership.objects.filter(valid_until=None).count()

    told = read(read_lifecycle, LifecycleSpec(), at=LATER + timedelta(days=1), as_of=CLOSED - timedelta(days=250))

    assert told.refusal.startswith("There are orders of ")
    assert "at least 120 are needed" in told.refusal
    assert SegmentMembership.objects.filter(valid_until=None).count() == n_before


def test_without_orders_there_is_nobody_to_score():
    Customer.objects.create(external_id="lonely")
    assert read(read_rfm, RfmSpec()).refusal == "There are no orders yet, so there is nobody to score."


def test_the_daily_reading_waits_for_new_orders_and_for_a_day_to_pass(marketer):
    assert make_due(at=now(), horizon=None) is None
    open_shop()
    assert make_due(at=LATER, horizon=CLOSED).total == 3
    Job.objects.all().delete()
    read(read_lifecycle, LifecycleSpec())

    assert make_due(at=LATER + timedelta(days=2), horizon=CLOSED) is None
    assert make_due(at=LATER + timedelta(hours=2), horizon=CLOSED + timedelta(hours=1)) is None
    assert make_due(at=LATER + timedelta(days=2), horizon=CLOSED + timedelta(hours=1)) is not None


def test_one_reading_at_a_time(marketer):
    first = start_reading(by=marketer, at=LATER)
    assert start_reading(by=marketer, at=LATER) == first
    assert start_scoring(spec=RfmSpec(), by=marketer, at=LATER) == first
