import pytest
from rest_framework.test import APIClient

from loyalty.models import Customer
from segments.models import SegmentMembership
from tests.rows import AT, make_segment

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(marketer):
    client = APIClient()
    client.force_authenticate(marketer)
    return client


def test_a_segment_tells_who_is_in_it_now(api):
    ada, bo, cy = (Customer.objects.create(external_id=name) for name in ("ada", "bo", "cy"))
    segment = make_segment(1, ada, bo)
    SegmentMembership.objects.filter(customer=bo).update(valid_until=AT.replace(hour=13))
    make_segment(2, cy)
    assert api.get(f"/api/v1/segments/{segment.pk}").json()["n_customers"] == 1
    members = api.get(f"/api/v1/segments/{segment.pk}/members").json()["results"]
    assert [member["customer"] for member in members] == ["ada"]


def test_segments_of_the_latest_run_can_be_asked_for(api):
    old, new = make_segment(1), make_segment(2)
    new.segmentation.is_current = True
    new.segmentation.save()
    found = api.get("/api/v1/segments?is_current=true").json()["results"]
    assert [row["id"] for row in found] == [new.pk]
    assert old.pk != new.pk
