import pytest
from rest_framework.test import APIClient

from loyalty.models import Customer, Job
from segments.models import Segment, SegmentMembership
from tests.rows import AT, bearer, make_segment

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


PLAN = {
    "name": "Buyers",
    "rule": {"version": 1, "rule": {"every": [{"kind": "bought", "counts": {"times": {"at_least": 1}}}]}},
}


def test_a_segment_by_rule_is_made_changed_and_refreshed(api):
    made = api.post("/api/v1/segments", PLAN, format="json")
    assert made.status_code == 201
    address = f"/api/v1/segments/{made.json()['id']}"
    assert made["Location"] == address
    assert (made.json()["rule"], made.json()["version"]) == (PLAN["rule"], 1)
    assert Job.objects.get().task == "segments.refresh_segments"

    twice = {"version": 1, "rule": {"every": [{"kind": "bought", "counts": {"times": {"at_least": 2}}}]}}
    etag = api.get(address)["ETag"]
    changed = api.put(address, {**PLAN, "rule": twice}, format="json", HTTP_IF_MATCH=etag)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert api.put(address, PLAN, format="json", HTTP_IF_MATCH=etag).status_code == 412
    assert api.post(f"{address}/refresh").status_code == 202


def test_the_same_call_with_a_key_makes_one_segment(api):
    for _ in range(2):
        made = api.post("/api/v1/segments", PLAN, format="json", HTTP_IDEMPOTENCY_KEY="k1")
        assert made.status_code == 201
    assert Segment.objects.count() == 1


def test_a_rule_that_is_not_understood_is_refused_with_its_place(api):
    wrong = {"version": 1, "rule": {"every": [{"kind": "teleported"}]}}
    refused = api.post("/api/v1/segments", {**PLAN, "rule": wrong}, format="json")
    assert refused.status_code == 400
    assert "Condition 1: There is no such kind of condition" in str(refused.json())
    assert api.post("/api/v1/segments", {**PLAN, "rules": 1}, format="json").status_code == 400


@pytest.mark.django_db(transaction=True)
def test_a_rule_can_be_counted_without_being_kept(api):
    Customer.objects.create(external_id="ada")
    found = api.post("/api/v1/segments/preview-count", {"rule": PLAN["rule"]}, format="json")
    assert found.json() == {
        "n": 0, "low": 0, "high": 0, "n_customers": 1, "n_looked_at": 1, "is_exact": True, "sentence": "Bought.",
    }  # fmt: skip
    assert not Segment.objects.exists()


def test_a_key_without_the_scope_makes_nothing(marketer):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=bearer(marketer, "segments:read"))
    assert client.post("/api/v1/segments", PLAN, format="json").status_code == 403
    client.credentials(HTTP_AUTHORIZATION=bearer(marketer, "segments:write"))
    assert client.post("/api/v1/segments", PLAN, format="json").status_code == 201
