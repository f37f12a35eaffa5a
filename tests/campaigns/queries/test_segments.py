import numpy as np
import pytest

from recommender.queries.groups import groups_of
from segments.models import SegmentMembership
from tests.rows import AT, fill

pytestmark = pytest.mark.django_db


def test_what_is_measured_by_group_is_measured_by_segment_too(django_assert_num_queries):
    fill(3)
    inside = {one.customer_id: one.segment.name for one in SegmentMembership.objects.all() if _is_current(one)}
    ids = np.array([*inside, 10**9])

    with django_assert_num_queries(2):
        found = groups_of(ids, AT)

    assert found["Segment"].tolist() == [*inside.values(), ""]
    assert set(found) == {"Age", "Segment"}


def _is_current(one):
    found_in = one.segment.segmentation
    return one.valid_until is None and found_in is not None and found_in.is_current
