"""Features kept in files: asked twice, computed once; whatever changed the data, by whatever way, they are new."""

import os
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.db import connection

from loyalty.models import Consent, DataChange
from loyalty.queries.features import cache, customer_features
from loyalty.queries.features.changes import data_version
from loyalty.services.features import add_up_changes
from tests.loyalty.features.world import buy, make_product, open_world

pytestmark = pytest.mark.django_db
AS_OF = datetime(2024, 7, 1, tzinfo=UTC)


@pytest.fixture
def customers(db):
    return open_world(n_customers=4, n_orders=30)


def files():
    return sorted(cache.folder().glob("*"))


def bits(frame):
    return [np.array(frame.table[name].to_pylist()).tobytes() for name in frame.table.column_names]


def n_statements(django_assert_max_num_queries, names=None):
    with django_assert_max_num_queries(100) as asked:
        customer_features(as_of=AS_OF, names=names)
    return len(asked)


def test_what_is_known_is_not_computed_again(customers, django_assert_max_num_queries):
    first = customer_features(as_of=AS_OF)

    assert n_statements(django_assert_max_num_queries) <= 3
    again = customer_features(as_of=AS_OF)
    assert again.features == first.features
    assert bits(again) == bits(first)


def test_another_moment_or_other_names_are_kept_apart(customers):
    customer_features(as_of=AS_OF)
    customer_features(as_of=AS_OF - timedelta(days=1))
    customer_features(as_of=AS_OF, names=["orders_all"])
    assert len(files()) == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda one: buy(one, make_product("late"), AS_OF - timedelta(days=300), 4),
        lambda one: Consent.objects.create(customer=one, channel="mail", state="denied", source="x", at=AS_OF),
        lambda one: one.orders.earliest("pk").lines.update(amount=77),
        lambda one: one.interactions.earliest("pk").delete(),
    ],
)
def test_a_change_however_late_is_seen(customers, change):
    customer_features(as_of=AS_OF)
    change(customers[1])
    customer_features(as_of=AS_OF)
    assert len(files()) == 2


def test_sql_by_hand_is_seen_even_with_triggers_off(customers):
    before = customer_features(as_of=AS_OF, names=["spend_all"]).numbers("spend_all").sum()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE loyalty_orderline SET amount = amount * 2")
    after = customer_features(as_of=AS_OF, names=["spend_all"]).numbers("spend_all").sum()
    assert after > before * 1.5


def test_a_table_that_does_not_matter_does_not_matter(customers):
    customer_features(as_of=AS_OF, names=["orders_all"])
    Consent.objects.create(customer=customers[1], channel="mail", state="denied", source="x", at=AS_OF)
    customer_features(as_of=AS_OF, names=["orders_all"])
    assert len(files()) == 1


def test_a_damaged_file_is_computed_again(customers):
    first = customer_features(as_of=AS_OF)
    (path,) = files()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    again = customer_features(as_of=AS_OF)

    assert bits(again) == bits(first)
    assert path.read_bytes() != bytes(data)


def test_what_was_read_longest_ago_is_swept_when_there_is_no_room(customers, settings):
    names = [["orders_all"], ["spend_all"], ["units_all"]]
    for number, asked in enumerate(names):
        customer_features(as_of=AS_OF, names=asked)
        for path in files():
            os.utime(path, (number, number)) if path.stat().st_mtime > 10 else None
    kept = max(files(), key=lambda path: path.stat().st_mtime)
    settings.FEATURE_CACHE_BYTES = kept.stat().st_size + 100

    cache.sweep()

    assert files() == [kept]


def test_marks_are_added_up_without_another_version(customers):
    tables = ["loyalty_order", "loyalty_consent"]
    version, n = data_version(tables), DataChange.objects.count()

    add_up_changes()

    assert data_version(tables) == version
    assert DataChange.objects.count() == DataChange.objects.values("source").distinct().count() < n
    buy(customers[1], make_product("late"), AS_OF, 4)
    assert data_version(tables) != version
