from datetime import UTC, datetime, timedelta

import pytest

from loyalty.models import Customer
from segments.models import Segment, SegmentMembership
from segments.services.memberships import Members, Moved, keep_members

pytestmark = pytest.mark.django_db
MONDAY = datetime(2024, 5, 6, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def segment() -> Segment:
    return Segment.objects.create(kind="rule", name="Spends a lot", created_at=MONDAY)


@pytest.fixture
def three() -> list[int]:
    return [Customer.objects.create(external_id=name).pk for name in ("one", "two", "three")]


def test_who_came_and_who_left_is_written_down_with_when_and_why(segment: Segment, three: list[int]) -> None:
    first, stays, last = three
    keep_members(segment=segment, members=Members.of([first, stays]), at=MONDAY, because="Made")

    moved = keep_members(segment=segment, members=Members.of([stays, last]), at=TUESDAY, because="Refreshed")

    assert moved == Moved(n_entered=1, n_left=1, n_members=2)
    written = SegmentMembership.objects.order_by("customer_id").values_list(
        "customer_id", "valid_from", "valid_until", "entered_because", "left_because"
    )
    assert list(written) == [
        (first, MONDAY, TUESDAY, "Made", "Refreshed"),
        (stays, MONDAY, None, "Made", ""),
        (last, TUESDAY, None, "Refreshed", ""),
    ]


def test_the_same_members_again_change_nothing(segment: Segment, three: list[int]) -> None:
    keep_members(segment=segment, members=Members.of(three), at=MONDAY)

    moved = keep_members(segment=segment, members=Members.of([*three, three[0]]), at=TUESDAY)

    assert moved == Moved(0, 0, 3)
    assert SegmentMembership.objects.filter(valid_from=MONDAY, valid_until=None).count() == 3


def test_who_comes_back_has_two_spans(segment: Segment, three: list[int]) -> None:
    for at, inside in ((MONDAY, three), (TUESDAY, three[1:]), (TUESDAY + timedelta(hours=1), three)):
        keep_members(segment=segment, members=Members.of(inside), at=at)

    assert SegmentMembership.objects.filter(customer_id=three[0]).count() == 2
    assert SegmentMembership.objects.filter(customer_id=three[0], valid_until=None).count() == 1


def test_other_segments_keep_their_members(segment: Segment, three: list[int]) -> None:
    other = Segment.objects.create(kind="rule", name="Other", created_at=MONDAY)
    keep_members(segment=other, members=Members.of(three), at=MONDAY)

    keep_members(segment=segment, members=Members.of([]), at=TUESDAY)

    assert SegmentMembership.objects.filter(segment=other, valid_until=None).count() == 3
