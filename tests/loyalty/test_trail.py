"""Whatever changes a row leaves what it held before and after, and who did it: forms, bulk changes, raw SQL."""

import json

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from rest_framework.test import APIClient

from loyalty.models import AuditEntry, Consent, Customer, Product
from loyalty.services.keys import create_key
from loyalty.services.trail import SETTING, Actor, Via, acting, because
from loyalty.services.trail_triggers import ACCOUNTS, EVENTS, keep_trail, tracked_models
from tests.rows import fill

pytestmark = pytest.mark.django_db
ANNA = Actor(Via.WEB, 7, "anna")


def told(**found: object) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(**found).order_by("pk"))


def product(number: int = 1, **values: object) -> Product:
    return Product.objects.create(sku=f"p{number}", name=f"Tea {number}", currency="USD", price=2, **values)


def test_a_form_leaves_what_was_there_before_and_after():
    tea = product()
    with acting(lambda: ANNA), because("The supplier asked for it."):
        tea.price = 3
        tea.save()
    (entry,) = told(table="loyalty_product")
    assert (entry.action, entry.object_id, entry.object_key) == ("changed", str(tea.pk), "p1")
    assert (entry.before, entry.after) == ({"price": 2.0}, {"price": 3.0})
    assert (entry.actor_id, entry.actor_name, entry.via, entry.reason) == (
        7, "anna", "web", "The supplier asked for it.",
    )  # fmt: skip


def test_a_bulk_change_is_told_row_by_row():
    for number in range(3):
        product(number)
    with acting(lambda: ANNA):
        Product.objects.update(price=F("price") * 2)
    assert [entry.after for entry in told(table="loyalty_product")] == [{"price": 4.0}] * 3
    assert len({entry.transaction for entry in told()}) == 1


def test_a_change_that_changes_nothing_is_none():
    tea = product()
    with acting(lambda: ANNA):
        tea.save()
    assert told(table="loyalty_product") == []


def test_what_is_added_and_deleted_is_told():
    with acting(lambda: ANNA):
        tea = product()
        tea.delete()
    added, deleted = told(table="loyalty_product")
    assert (added.action, added.before, added.after["sku"]) == ("created", None, "p1")
    assert (deleted.action, deleted.before["price"], deleted.after) == ("deleted", 2.0, None)


def test_a_bulk_load_is_one_entry_that_counts():
    rows = [Customer(external_id=f"c{number}") for number in range(1001)]
    with acting(lambda: ANNA):
        Customer.objects.bulk_create(rows)
    (entry,) = told(table="loyalty_customer")
    assert (entry.action, entry.n_rows, entry.after) == ("created", 1001, None)


def test_raw_sql_leaves_the_same_trail():
    tea = product()
    with connection.cursor() as cursor, acting(lambda: ANNA):
        cursor.execute("UPDATE loyalty_product SET price = price + %s, name = '100%%' WHERE id = %s", [1, tea.pk])
        cursor.execute("WITH gone AS (DELETE FROM loyalty_product RETURNING id) SELECT count(*) FROM gone")
        assert cursor.fetchone() == (1,)
    changed, deleted = told(table="loyalty_product")
    assert changed.after == {"price": 3.0, "name": "100%"}
    assert {entry.actor_name for entry in (changed, deleted)} == {"anna"}


def test_somebody_at_the_database_itself_is_told_as_such():
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, '', true)", [SETTING])  # as any other program's connection has it
        cursor.execute("INSERT INTO loyalty_category (path, name) VALUES ('Tea', 'Tea')")
        cursor.execute("SELECT session_user")
        (name,) = cursor.fetchone()
    (entry,) = told(table="loyalty_category")
    assert (entry.via, entry.actor_id, entry.actor_name) == ("database", None, name)


def test_what_is_rolled_back_leaves_no_trail_and_no_actor():
    tea = product()

    def fail_after_writing():
        with transaction.atomic():
            Product.objects.update(price=9)
            raise RuntimeError

    with acting(lambda: ANNA), pytest.raises(RuntimeError):
        fail_after_writing()
    Product.objects.update(price=5)
    (entry,) = told(table="loyalty_product", object_id=str(tea.pk))
    assert (entry.after, entry.via, entry.actor_name) == ({"price": 5.0}, "system", "")


def test_names_with_quotes_and_percent_signs_are_text_and_not_sql():
    product()
    odd = Actor(Via.WEB, 8, "o'hara %s %(x)s; DROP TABLE loyalty_product")
    with acting(lambda: odd), because("it's 100% right"):
        Product.objects.filter(name="Tea 1").update(price=4)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE loyalty_product SET stock = 100 WHERE name LIKE '%'")
    assert {(entry.actor_name, entry.reason) for entry in told()} == {(odd.name, "it's 100% right")}


def test_a_password_is_never_written_down():
    with acting(lambda: ANNA):
        person = User.objects.create_user("ben", password="a-long-password")
        person.set_password("another-long-password")
        person.save()
    added, changed = told(table="auth_user")
    assert added.after["password"] == "not shown"
    assert (changed.before, changed.after) == ({"password": "not shown"}, {"password": "not shown"})
    assert "pbkdf2" not in json.dumps([added.after, changed.after])


def test_the_trail_cannot_be_changed_or_taken_away():
    product()
    Product.objects.update(price=1)
    for spoil in (lambda: AuditEntry.objects.update(actor_name="nobody"), lambda: AuditEntry.objects.all().delete()):
        with pytest.raises(IntegrityError, match="cannot be undone"), transaction.atomic():
            spoil()
    assert AuditEntry.objects.count() == 1


def test_every_table_keeps_a_trail_or_says_why_not():
    names = ("loyalty", "segments", "recommender", "campaigns")
    expected = {model._meta.db_table for name in names for model in tracked_models(apps.get_app_config(name))}
    expected |= {apps.get_model(label)._meta.db_table for label in ACCOUNTS}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text, count(*) FROM pg_trigger WHERE tgname LIKE 'trail\\_%' "
                       "AND tgname <> 'trail_is_final' GROUP BY 1")  # fmt: skip
        found = dict(cursor.fetchall())
    assert expected <= set(found)
    assert set(found.values()) == {len(EVENTS)}
    assert "loyalty_orderline" in found


def test_without_its_triggers_a_change_would_go_unseen():
    product()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE loyalty_product DISABLE TRIGGER USER")
    Product.objects.update(price=8)
    assert told(table="loyalty_product") == []


def test_a_request_is_the_doing_of_who_sent_it(client, marketer):
    fill(1)
    client.force_login(marketer)
    tea = Product.objects.earliest("pk")
    address = f"/admin/loyalty/product/{tea.pk}/change/"
    form = client.get(address).context["adminform"].form
    values = {name: "" if value is None else value for name, value in form.initial.items()}
    response = client.post(address, {**values, "attributes": "{}", "name": "Green tea"})
    assert response.status_code == 302, response.context["adminform"].form.errors
    (entry,) = told(table="loyalty_product", action="changed")
    assert (entry.actor_name, entry.via, entry.after["name"]) == ("marketer", "admin", "Green tea")


def test_a_call_is_the_doing_of_its_key(marketer, at):
    key, secret = create_key(user=marketer, name="Shop", scope_names=["customers:write"], at=at)
    rows = [{"external_id": "C-1", "name": "Ada"}, {"external_id": "C-2", "name": "Grace"}]
    response = APIClient().post(
        "/api/v1/customers/batch-upsert", {"rows": rows}, format="json", HTTP_AUTHORIZATION=f"Bearer {secret}"
    )
    assert response.status_code == 200, response.json()
    entries = told(table="loyalty_customer")
    assert sorted((entry.object_key, entry.actor_name, entry.via) for entry in entries) == [
        ("C-1", "marketer", "api"),
        ("C-2", "marketer", "api"),
    ]
    assert {entry.api_key for entry in entries} == {str(key)}
    assert told(table="loyalty_apikey", action="changed") == [], "that a key was used is no change"


def test_a_table_that_is_tracked_no_more_loses_its_triggers_and_gets_them_back(monkeypatch):
    def events():
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'loyalty_consent'::regclass "
                           "AND tgname LIKE 'trail\\_%'")  # fmt: skip
            return cursor.fetchone()[0]

    config = apps.get_app_config("loyalty")
    monkeypatch.setattr(Consent, "untracked", "Because a test says so.", raising=False)
    keep_trail(config)
    assert events() == 0
    monkeypatch.delattr(Consent, "untracked")
    keep_trail(config)
    assert events() == len(EVENTS)
