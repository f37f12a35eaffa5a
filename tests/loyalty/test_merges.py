"""Two records of one person become one, and what was done can be taken back to the last row."""

import json
import threading
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns import models as campaigns
from loyalty.models import (
    Consent,
    Customer,
    CustomerAlias,
    CustomerMerge,
    Interaction,
    MergedRow,
    Order,
    Rating,
    Review,
)  # fmt: skip
from loyalty.queries.merges import holdings, likely_pairs, pointers
from loyalty.services.merges import MergeRefused, merge_customers, undo_merge
from recommender.models import Recommendation
from segments.models import SegmentMembership
from tests import rows
from tests.rows import AT, fill, make_order, make_product

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(days=1)
# Diaries of what changed, which only ever grow.
OWN = {
    "loyalty_customermerge",
    "loyalty_customeralias",
    "loyalty_mergedrow",
    "loyalty_auditentry",
    "loyalty_datachange",
}


def pair():
    fill(2)
    return Customer.objects.get(external_id="c0"), Customer.objects.get(external_id="c1")


def merge(kept, gone, **more):
    return merge_customers(kept=kept, gone=gone, by=None, at=LATER, **more)


def undo(merge):
    return undo_merge(merge=merge, by=None, at=LATER)


def everything():
    """All rows of all tables, without the record of merges itself and the moment a customer was last touched."""
    found = {}
    for model in apps.get_models():
        table = model._meta.db_table
        if model._meta.managed and table not in OWN and model._meta.app_label in rows_apps():
            with connection.cursor() as cursor:
                cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t')
                told = [json.loads(text) for (text,) in cursor.fetchall()]
            for row in told if table == "loyalty_customer" else ():
                del row["updated_at"]
            found[table] = sorted(json.dumps(row, sort_keys=True) for row in told)
    return found


def rows_apps():
    return {"loyalty", "campaigns", "segments", "recommender"}


def test_every_table_that_names_a_customer_is_known():
    named = {(one.table, one.column) for one in pointers()}

    assert {
        ("loyalty_order", "customer_id"),
        ("loyalty_consent", "customer_id"),
        ("loyalty_review", "customer_id"),
        ("loyalty_customeralias", "customer_id"),
        ("loyalty_customermerge", "kept_id"),
        ("segments_segmentmembership", "customer_id"),
        ("campaigns_audiencemember", "customer_id"),
        ("campaigns_holdout", "customer_id"),
        ("campaigns_redemption", "customer_id"),
        ("recommender_recommendation", "customer_id"),
    } <= named
    assert "loyalty_customersales" not in {table for table, _ in named}


def test_everything_of_the_one_that_goes_belongs_to_the_other_then():
    kept, gone = pair()
    merge(kept, gone)

    for model in (Order, Consent, Interaction, Rating, Review, SegmentMembership, Recommendation, campaigns.Redemption):
        owners = set(model.objects.values_list("customer", flat=True))
        assert owners == {kept.pk}, model
    assert not Customer.objects.filter(pk=gone.pk).exists()
    assert CustomerAlias.objects.get(external_id="c1").customer == kept


def test_what_both_have_once_only_stays_as_the_kept_one_has_it():
    kept, gone = pair()
    product = make_product(7)
    for one, value in ((kept, 0.1), (gone, 0.9)):
        Rating.objects.create(customer=one, product=product, kind="explicit", source="x", value=value, rated_at=AT)
    done = merge(kept, gone)

    assert Rating.objects.get(product=product).value == 0.1
    (row,) = MergedRow.objects.filter(merge=done, table="loyalty_rating", gave_way__isnull=False)
    assert row.gave_way["value"] == 0.9


def test_one_row_in_the_way_keeps_no_other_row_back():
    kept, gone = pair()
    for number in range(10, 60):
        channel = f"channel {number}"
        Consent.objects.create(customer=gone, channel=channel, state="granted", source="x", at=AT)
        if number == 33:
            Consent.objects.create(customer=kept, channel=channel, state="denied", source="x", at=AT)
    merge(kept, gone)

    assert Consent.objects.filter(customer=kept, channel__startswith="channel").count() == 50
    assert Consent.objects.get(channel="channel 33").state == "denied"


def test_the_kept_one_is_given_what_it_lacks_and_nothing_more():
    kept, gone = pair()
    Customer.objects.filter(pk=kept.pk).update(location="Ghent", attributes={"a": 1})
    Customer.objects.filter(pk=gone.pk).update(location="Bruges", gender="f", attributes={"a": 2, "b": 3})
    done = merge(kept, gone)

    kept.refresh_from_db()
    assert (kept.location, kept.gender, kept.attributes) == ("Ghent", "f", {"a": 1, "b": 3})
    assert (kept.name, kept.updated_at) == ("Customer 0", LATER)
    assert set(done.filled) == {"gender", "attributes"}


def test_taking_it_back_gives_the_state_before():
    kept, gone = pair()
    before = everything()
    done = merge(kept, gone)
    assert everything() != before

    assert undo(done).n_lost == 0
    assert everything() == before
    done.refresh_from_db()
    assert done.undone_at == LATER
    assert not CustomerAlias.objects.filter(merge=done).exists()


def test_what_somebody_changed_since_is_not_taken_back():
    kept, gone = pair()
    Customer.objects.filter(pk=gone.pk).update(gender="f", age_group="35-44", attributes={"b": 3, "c": 4})
    done = merge(kept, gone)
    Customer.objects.filter(pk=kept.pk).update(age_group="45-54", attributes={"b": 5, "c": 4, "d": 6})
    undo(done)

    kept.refresh_from_db()
    assert (kept.gender, kept.age_group, kept.attributes) == ("", "45-54", {"b": 5, "d": 6})


def test_a_row_given_to_somebody_else_since_stays_there():
    kept, gone = pair()
    done = merge(kept, gone)
    third = Customer.objects.create(external_id="third")
    Order.objects.filter(external_id="o1").update(customer=third)
    undo(done)

    assert Order.objects.get(external_id="o1").customer == third


def test_a_row_whose_parent_is_gone_is_told_as_lost():
    kept, gone = pair()
    product = make_product(7)
    for one in (kept, gone):
        Rating.objects.create(customer=one, product=product, kind="explicit", source="x", value=0.1, rated_at=AT)
    done = merge(kept, gone)
    product.delete()

    assert undo(done).n_lost == 1


def test_three_records_come_apart_in_the_order_in_which_they_went_together():
    fill(3)
    first, second, third = Customer.objects.order_by("pk")
    before = everything()
    one = merge(second, third)
    two = merge(first, second)
    assert set(CustomerAlias.objects.filter(merge__in=[one, two]).values_list("customer", flat=True)) == {first.pk}

    with pytest.raises(MergeRefused, match="c1 was merged into the same customer later"):
        undo(one)
    undo(two)
    undo(one)
    assert everything() == before


@pytest.mark.parametrize("times", [1, 2])
def test_a_merge_is_refused_with_a_sentence(times):
    kept, gone = pair()
    with pytest.raises(MergeRefused, match="the same customer"):
        merge(kept, kept)
    done = merge(kept, gone)
    with pytest.raises(MergeRefused, match="was merged or deleted in the meantime"):
        merge(kept, gone)
    undo(done)
    with pytest.raises(MergeRefused, match="was undone already"):
        undo(done)


def test_a_key_that_somebody_else_has_by_now_is_not_given_back():
    done = merge(*pair())
    Customer.objects.create(external_id="c1")

    with pytest.raises(MergeRefused, match="another customer c1"):
        undo(done)


def test_what_would_move_is_told_before():
    kept, gone = pair()
    make_order(77, gone, make_product(77))
    Consent.objects.filter(customer=gone).delete()
    told = {one.noun: (one.kept, one.gone) for one in holdings(kept, gone)}

    assert told["orders"] == (1, 2)
    assert "consents" not in told


def test_the_reason_is_kept():
    assert merge(*pair(), reason="Same e-mail").reason == "Same e-mail"


TABLES = st.sampled_from(["order", "consent", "rating", "interaction", "review", "segment", "audience", "redemption"])
STEPS = st.lists(st.tuples(TABLES, st.sampled_from([0, 1]), st.integers(0, 3)), max_size=25)


def add(what, owner, number, shop):
    """One row of a table; the same numbers for both owners collide where a table allows only one."""
    product, offer, campaign, segment, audience = shop
    moment = AT + timedelta(hours=number)
    if what == "order":
        make_order(Order.objects.count() + 100, owner, product)
    elif what == "consent":
        Consent.objects.get_or_create(customer=owner, channel="sms", at=moment, defaults={"state": "granted"})
    elif what == "rating":
        given = {"value": 0.12345678901234567 * number, "rated_at": moment}
        Rating.objects.get_or_create(
            customer=owner, product=product, kind="explicit", source=f"{number}", defaults=given
        )
    elif what == "interaction":
        key = f"h{Interaction.objects.count()}"
        Interaction.objects.create(customer=owner, type="Call Held", occurred_at=moment, source="s", event_id=key)
    elif what == "review":
        rows.make_review(Review.objects.count() + 100, product, customer=owner)
    elif what == "segment":
        SegmentMembership.objects.get_or_create(
            customer=owner, segment=segment, valid_until=None, defaults={"valid_from": moment}
        )
    elif what == "audience":
        cost = {"cost": "0.0123", "propensity": 0.1 + number / 10}
        campaigns.AudienceMember.objects.get_or_create(customer=owner, audience=audience, defaults=cost)
    else:
        taken = {"campaign": campaign, "discount": "12.50"}
        campaigns.Redemption.objects.get_or_create(customer=owner, offer=offer, redeemed_at=moment, defaults=taken)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, attributes=st.dictionaries(st.sampled_from("abc"), st.integers(), max_size=3), swap=st.booleans())
def test_merging_and_taking_it_back_is_as_if_nothing_had_been(steps, attributes, swap):
    with transaction.atomic():
        people = pair()
        people[1].attributes = attributes
        people[1].save()
        shop = (
            make_product(50), campaigns.Offer.objects.first(), campaigns.Campaign.objects.first(),
            rows.make_segment(50), rows.make_audience(50),
        )  # fmt: skip
        for what, owner, number in steps:
            add(what, people[owner], number, shop)
        before = everything()
        kept, gone = reversed(people) if swap else people
        done = merge(kept, gone)
        assert undo(done).n_lost == 0
        assert everything() == before
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_of_two_merges_at_once_one_wins_and_the_other_is_told():
    fill(3)
    first, second, third = Customer.objects.order_by("pk")
    barrier, told = threading.Barrier(2), []

    def run(kept):
        barrier.wait()
        try:
            told.append(merge(kept, third).kept_id)
        except MergeRefused as refused:
            told.append(str(refused))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(kept,)) for kept in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (sentence,) = [one for one in told if isinstance(one, str)]
    assert "was merged or deleted in the meantime" in sentence
    assert CustomerMerge.objects.filter(gone_id=third.pk).count() == 1
    assert Order.objects.get(external_id="o2").customer_id in (first.pk, second.pk)


@pytest.mark.parametrize(
    ("one", "other", "evidence"),
    [
        (
            {"name": "Ada Byron", "location": "London"},
            {"name": "BYRON, ada", "location": "london"},
            "Same name and place",
        ),
        ({"attributes": {"email_hash": "AB12"}}, {"attributes": {"email_hash": "ab12"}}, "Same email hash"),
    ],
)
def test_records_that_may_be_one_person_are_suggested_with_the_reason(one, other, evidence):
    kept = Customer.objects.create(external_id="1", **one)
    gone = Customer.objects.create(external_id="2", **other)
    Customer.objects.create(external_id="3", name="Ada Byron", location="Paris")
    Customer.objects.create(external_id="4", attributes={"email_hash": ""})
    Customer.objects.create(external_id="5", attributes={"email_hash": ""})

    (found,) = likely_pairs()
    assert (found.kept, found.gone, found.evidence) == (kept, gone, (evidence,))
