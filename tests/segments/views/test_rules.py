import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from campaigns.models import Campaign
from loyalty.models import Customer, Job
from loyalty.services.sales import add_up_sales
from loyalty.services.staff import ensure_groups
from segments.models import Segment, SegmentMembership
from tests.loyalty.features.world import buy, make_product
from tests.rows import make_campaign, make_rule_segment

pytestmark = pytest.mark.django_db
ONCE = {"kind": "bought", "counts": {"times": {"at_least": 1}}}


@pytest.fixture(autouse=True)
def _files_of_its_own(settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


@pytest.fixture
def customers() -> list[Customer]:
    product = make_product("w1", "Wine")
    found = [Customer.objects.create(external_id=f"c{n}") for n in range(4)]
    for customer in found[:3]:
        buy(customer, product, now() - timedelta(days=3))
    add_up_sales()
    return found


@pytest.fixture
def browser(client: Client, marketer) -> Client:
    client.force_login(marketer)
    return client


def tree(*conditions) -> dict:
    return {"version": 1, "rule": {"every": list(conditions)}}


def save(browser: Client, rule, **values):
    given = {"name": "Buyers", "description": "", "refresh_hours": "24", "rule": json.dumps(rule), **values}
    return browser.post(reverse("segment-new"), given)


def test_a_segment_by_rule_is_made_and_looked_at(browser, customers) -> None:
    response = save(browser, tree(ONCE))

    segment = Segment.objects.get()
    assert response.url == segment.get_absolute_url()
    assert segment.rule.tree == tree(ONCE)
    assert Job.objects.get().params == {"segment_ids": [segment.pk], "is_full": True}
    text = browser.get(segment.get_absolute_url()).content.decode()
    assert "Bought" in text
    assert reverse("segment-rule", args=[segment.pk]) in text


@pytest.mark.parametrize(
    ("rule", "values", "says"),
    [
        (tree(ONCE), {"name": " "}, "Give the segment a name"),
        (tree(ONCE), {"refresh_hours": "0"}, "number of hours"),
        (tree(ONCE), {"refresh_hours": "x"}, "number of hours"),
        (tree(), {}, "This group is empty"),
        (tree({**ONCE, "about": {"category": ["Winee"]}}), {}, "There is no category “Winee”"),
        ("not a rule", {}, "A rule is an object"),
    ],
)
def test_what_cannot_be_kept_comes_back_with_a_sentence_and_what_was_written(
    browser, customers, rule, values, says
) -> None:
    response = save(browser, rule, **values)
    assert response.status_code == 400
    assert says in response.content.decode()
    assert not Segment.objects.exists()


def test_a_rule_about_itself_by_way_of_another_is_refused(browser, customers) -> None:
    first = make_rule_segment(1)
    second = make_rule_segment(2, tree=tree({"kind": "segment", "segment": first.pk}))
    asked = tree({"kind": "segment", "segment": second.pk})
    response = browser.post(
        reverse("segment-rule", args=[first.pk]), {"name": "First", "refresh_hours": "24", "rule": json.dumps(asked)}
    )
    assert "asks about this segment itself" in response.content.decode()


def test_a_changed_rule_is_the_next_version_and_a_changed_name_is_not(browser, customers) -> None:
    segment = make_rule_segment(1, tree=tree(ONCE))
    address = reverse("segment-rule", args=[segment.pk])
    browser.post(address, {"name": "Renamed", "refresh_hours": "24", "rule": json.dumps(tree(ONCE))})
    segment.rule.refresh_from_db()
    assert segment.rule.version == 1
    twice = {**ONCE, "counts": {"times": {"at_least": 2}}}
    browser.post(address, {"name": "Renamed", "refresh_hours": "24", "rule": json.dumps(tree(twice))})
    segment.rule.refresh_from_db()
    assert segment.rule.version == 2
    assert Segment.objects.get(pk=segment.pk).name == "Renamed"


def count(browser: Client, rule) -> dict:
    return browser.post(
        reverse("segment-count"), json.dumps(rule), content_type="application/json", headers={"X-Page": "p1"}
    ).json()


@pytest.mark.django_db(transaction=True)
def test_the_count_tells_how_many_and_the_rule_in_words(browser, customers) -> None:
    assert count(browser, tree(ONCE)) == {"sentence": "Bought.", "count": "3 of 4 customers", "is_exact": True}


def test_a_half_written_rule_is_told_where_it_is_wrong(browser) -> None:
    found = count(browser, tree(ONCE, {**ONCE, "when": {"last_days": None}}))
    assert found["place"] == "2"
    assert "whole number of days" in found["problem"]
    assert "A rule is an object" in count(browser, "x")["problem"]


def test_values_are_suggested_by_what_was_typed(browser, customers) -> None:
    def found(**query) -> list[str]:
        told = browser.get(reverse("segment-suggest"), query).json()["choices"]
        return [one["value"] for one in told]

    assert found(kind="bought", field="category", text="wi") == ["Wine > Shelf"]
    assert found(kind="bought", field="product", text="W1") == ["w1"]
    assert found(kind="bought", field="channel", text="") == ["store"]
    assert found(kind="bought", field="category", text="%") == []
    assert found(kind="nothing", field="category", text="") == []
    assert found(kind="redeemed", field="offer", text="") == []


def test_a_copy_and_a_frozen_one_stand_beside_the_first(browser, customers) -> None:
    segment = make_rule_segment(1, *customers[:2], tree=tree(ONCE))
    browser.post(reverse("segment-duplicate", args=[segment.pk]))
    browser.post(reverse("segment-freeze", args=[segment.pk]))
    copy, frozen = Segment.objects.order_by("pk")[1:3]
    assert copy.name == "Rule 1 (copy)"
    assert copy.rule.tree == tree(ONCE)
    assert SegmentMembership.objects.filter(segment=frozen, valid_until=None).count() == 2
    assert "Frozen" in browser.get(frozen.get_absolute_url()).content.decode()


def test_a_segment_that_is_used_is_not_deleted_and_told_by_what(browser, customers) -> None:
    segment = make_rule_segment(1)
    other = make_rule_segment(2, tree=tree({"kind": "segment", "segment": segment.pk}))
    make_campaign(1, audience_rule={"kind": "segment", "segment_id": segment.pk})
    address = reverse("segment-delete", args=[segment.pk])

    text = browser.post(address, follow=True).content.decode()

    assert "the segment “Rule 2”" in text
    assert "the campaign “Campaign 1”" in text
    other.delete()
    Campaign.objects.all().delete()
    browser.post(address)
    assert not Segment.objects.filter(pk=segment.pk).exists()


def test_who_came_and_left_is_a_page_and_a_file(browser, customers) -> None:
    segment = make_rule_segment(1, *customers)
    one = SegmentMembership.objects.filter(segment=segment).first()
    one.left_because, one.valid_until = "No longer: bought", now()
    one.save()
    address = reverse("segment-moves", args=[segment.pk])
    assert "still in it" in browser.get(address).content.decode()
    left = browser.get(address, {"show": "left"}).content.decode()
    assert "No longer: bought" in left
    assert "still in it" not in left
    lines = b"".join(browser.get(address, {"format": "csv"}).streaming_content).decode().splitlines()
    assert len(lines) == 5


def test_segments_are_listed_by_kind_and_name(browser) -> None:
    make_rule_segment(1)
    text = browser.get(reverse("segments"), {"kind": "rule"}).content.decode()
    assert "Rule 1" in text
    assert "No segment is like that" in browser.get(reverse("segments"), {"q": "zzz"}).content.decode()


@pytest.mark.parametrize("page", ["segments", "segment", "segment-moves"])
def test_query_counts_do_not_grow_with_the_rows(browser, customers, django_assert_max_num_queries, page) -> None:
    segment = make_rule_segment(1, customers[0])
    address = reverse(page, args=[] if page == "segments" else [segment.pk])
    counts = []
    for round_ in range(2):
        browser.get(address)
        with django_assert_max_num_queries(40) as asked:
            browser.get(address)
        counts.append(len(asked))
        for number in range(5):
            make_rule_segment(10 * round_ + number + 2, customers[1])
        for customer in customers[1:] if round_ == 0 else []:
            SegmentMembership.objects.create(segment=segment, customer=customer, valid_from=now())
    assert counts[0] == counts[1]


def test_who_may_not_change_segments_is_offered_nothing(client, customers) -> None:
    ensure_groups()
    plain = User.objects.create_user("plain")
    client.force_login(plain)
    segment = make_rule_segment(1)
    text = client.get(segment.get_absolute_url()).content.decode()
    assert reverse("segment-rule", args=[segment.pk]) not in text
    plain.groups.add(Group.objects.get(name="Marketer"))
    text = client.get(segment.get_absolute_url()).content.decode()
    assert reverse("segment-rule", args=[segment.pk]) in text
