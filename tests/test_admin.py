"""Every table in the admin: its pages open, and opening them costs as many queries with many rows as with few."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.rows import fill, fill_reports

pytestmark = pytest.mark.django_db
OURS = ("loyalty", "segments", "recommender", "campaigns")
REGISTERED = [model for model in admin.site._registry if model._meta.app_label in OURS]


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def queries_of(client, url):
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200, url
    return len(captured)


@pytest.fixture
def boss(client, marketer):
    client.force_login(marketer)
    return client


# What the machine notes for itself, by the row, for every statement.
BOOKKEEPING = {"datachange"}


def test_every_table_is_registered():
    # A view of the database that we refresh ourselves is no table.
    tables = {model for label in OURS for model in apps.get_app_config(label).get_models() if model._meta.managed}
    assert {model for model in tables if model._meta.model_name not in BOOKKEEPING} == set(REGISTERED)


def test_a_list_costs_the_same_with_twice_the_rows(boss):
    fill(3)
    fill_reports(3)
    urls = [address(model, "changelist") for model in REGISTERED]
    few = {url: queries_of(boss, url) for url in urls}
    fill(3)
    fill_reports(3)
    dearer = [url for url in urls if queries_of(boss, url) > few[url]]
    assert not dearer


def test_a_row_costs_the_same_with_twice_the_rows(boss):
    fill(3)
    fill_reports(3)
    urls = [address(model, "change", model.objects.order_by("pk").first().pk) for model in REGISTERED]
    few = {url: queries_of(boss, url) for url in urls}
    fill(3)
    fill_reports(3)
    dearer = [url for url in urls if queries_of(boss, url) > few[url]]
    assert not dearer


def test_every_list_can_be_searched(boss):
    fill(1)
    fill_reports(1)
    for model in REGISTERED:
        response = boss.get(address(model, "changelist"), {"q": "no such thing"})
        assert response.context["cl"].result_count == 0, model
        assert model.objects.exists()


def test_the_page_to_add_opens_where_adding_is_possible_and_lists_no_large_table(boss, rf, marketer):
    fill(3)
    fill_reports(3)
    request = rf.get("/")
    request.user = marketer
    for model in REGISTERED:
        response = boss.get(address(model, "add"))
        expected = 200 if admin.site._registry[model].has_add_permission(request) else 403
        assert response.status_code == expected, model
        for name in ("Product p1", "Customer 1", "Order o1", "Offer 1"):
            assert f">{name}</option>" not in response.content.decode(), model


def test_what_is_kept_as_it_was_made_cannot_be_changed(boss, rf, marketer):
    request = rf.get("/")
    request.user = marketer
    fixed = {"forecast", "outcome", "modelversion", "ingestrun", "rejectedrow", "job", "audiencemember", "simulation"}
    for model in REGISTERED:
        if model._meta.model_name in fixed:
            page = admin.site._registry[model]
            assert not page.has_change_permission(request), model
            assert not page.has_add_permission(request), model
            assert not page.has_delete_permission(request), model
            fixed.remove(model._meta.model_name)
    assert not fixed
