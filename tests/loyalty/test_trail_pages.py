"""Who changed what, as people read it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from loyalty.models import AuditEntry, Category, Customer, Product
from loyalty.services.staff import MARKETER, ensure_groups
from loyalty.services.trail import Actor, Via, acting, because

pytestmark = pytest.mark.django_db
ADDRESS = "/changes/"


@pytest.fixture
def tea(client, marketer):
    client.force_login(marketer)
    # A key of four digits and more: written like an amount it would lead nowhere.
    tea = Product.objects.create(pk=1_234_567, sku="4011", name="Tea", currency="USD", stock=3)
    with acting(lambda: Actor(Via.API, 7, "anna", "rk_ab12")), because("Counted again."):
        tea.category, tea.stock = Category.objects.create(path="Hot > Tea", name="Tea"), 9
        tea.save()
    return tea


def text_of(response):
    return response.content.decode()


def test_a_change_is_told_with_names_and_not_with_numbers(client, tea):
    page = text_of(client.get(ADDRESS))
    for told in ("anna", "rk_ab12", "Counted again.", "Stock", "Hot &gt; Tea", f'href="/products/{tea.pk}/"'):
        assert told in page
    assert "category_id" not in page


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("table=loyalty_product", True),
        ("table=loyalty_customer", False),
        ("who=anna", True),
        ("who=ben", False),
        ("key=4011", True),
        ("via=admin", False),
        ("action=changed", True),
        ("since=2017-01-01", True),
        ("since=2999-01-01", False),
        ("since=yesterday", True),
        ("transaction=x%27", True),
        ("key=%00", True),
    ],
)
def test_a_filter_keeps_what_matches_and_forgives_what_makes_no_sense(client, tea, query, is_found):
    response = client.get(f"{ADDRESS}?{query}")
    assert response.status_code == 200
    assert ("Counted again." in text_of(response)) is is_found


def test_the_page_of_a_record_leads_to_its_changes(client, tea):
    link = f"/changes/?table=loyalty_product&amp;object_id={tea.pk}"
    assert link in text_of(client.get(f"/products/{tea.pk}/"))
    assert "Counted again." in text_of(client.get(link.replace("&amp;", "&")))


def test_an_export_has_a_row_a_field_and_runs_no_formula(client, tea):
    with acting(lambda: Actor(Via.WEB, 7, "anna")):
        Product.objects.update(name="=1+1")
    lines = b"".join(client.get(f"{ADDRESS}?format=csv").streaming_content).decode().splitlines()
    assert lines[0].startswith("When,Who,How")
    assert any(",Name,Tea,'=1+1," in line for line in lines)


def test_what_became_of_accounts_is_for_those_who_may_see_accounts(client, tea, django_user_model):
    ensure_groups()
    with acting(lambda: Actor(Via.ADMIN, 1, "root")):
        person = django_user_model.objects.create_user("carla")
    assert "carla" in text_of(client.get(ADDRESS))
    person.groups.add(Group.objects.get(name=MARKETER))
    client.force_login(person)
    page = text_of(client.get(ADDRESS))
    assert "Counted again." in page
    assert "<b>carla</b>" not in page


def test_the_number_of_questions_does_not_grow_with_the_rows(client, tea, django_assert_max_num_queries):
    def asked() -> int:
        with django_assert_max_num_queries(40) as found:
            assert client.get(ADDRESS).status_code == 200
        return len(found)

    before = asked()
    with acting(lambda: Actor(Via.WEB, 7, "anna")):
        for number in range(12):
            row = Product.objects.create(
                sku=f"n{number}", name="N", currency="USD",
                category=Category.objects.create(path=f"C{number}", name="C"),
            )  # fmt: skip
            row.delete()
    assert asked() <= before + 1


def test_a_shop_where_nothing_was_changed_says_so(client, marketer):
    client.force_login(marketer)
    AuditEntry.objects.all()  # the log-in itself changes nothing but when somebody was last here
    assert "Nothing was changed yet" in text_of(client.get(ADDRESS))


def test_days_begin_at_the_shops_midnight(client, tea):
    today = timezone.localdate()
    assert "Counted again." in text_of(client.get(f"{ADDRESS}?since={today}"))
    assert "Counted again." not in text_of(client.get(f"{ADDRESS}?since={today + timedelta(days=1)}"))


def test_a_name_is_shown_as_text(client, marketer):
    client.force_login(marketer)
    with acting(lambda: Actor(Via.WEB, 7, "<script>alert(1)</script>")):
        Customer.objects.create(external_id="<b>x</b>")
    assert "<script>alert(1)" not in text_of(client.get(ADDRESS))
