import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loyalty.models import Customer, CustomerMerge
from loyalty.services.merges import merge_customers
from loyalty.services.staff import MARKETER, ensure_groups
from tests.rows import AT, fill, make_order, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def logged_in(client, marketer):
    client.force_login(marketer)


def pair():
    product = make_product(1)
    found = [
        Customer.objects.create(external_id=key, name=name, location="London")
        for key, name in (("A", "Ada Byron"), ("B", "Byron, Ada"))
    ]
    for number, customer in enumerate(found):
        make_order(number, customer, product)
    return found


def page_of(customer, **asked):
    return reverse("customer-merge", args=[customer.pk], query=asked)


def text_of(response):
    return response.content.decode()


def n_queries(client, url):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_the_other_record_is_searched_by_number_or_name(client):
    kept, gone = pair()

    assert client.get(page_of(kept, q="byron")).context["candidates"] == [gone]
    assert client.get(page_of(kept, q="nobody")).context["candidates"] == []
    assert "Nobody else matches" in text_of(client.get(page_of(kept, q="nobody")))


def test_both_are_shown_side_by_side_before_anything_changes(client):
    kept, gone = pair()
    Customer.objects.filter(pk=gone.pk).update(gender="f")
    page = client.get(page_of(kept, **{"with": gone.pk}))

    assert (page.context["kept"], page.context["gone"]) == (kept, gone)
    assert "becomes f" in text_of(page)
    assert [(one.noun, one.kept, one.gone) for one in page.context["holdings"]] == [("orders", 1, 1)]
    swapped = client.get(page_of(kept, **{"with": gone.pk, "keep": "other"}))
    assert (swapped.context["kept"], swapped.context["gone"]) == (gone, kept)
    assert Customer.objects.count() == 2


def test_two_become_one_and_are_taken_apart_again(client, marketer):
    kept, gone = pair()
    response = client.post(page_of(kept), {"with": gone.pk, "keep": "", "reason": "Same address"}, follow=True)
    assert response.redirect_chain == [(kept.get_absolute_url(), 302)]
    assert "Also known as" in text_of(response)
    assert kept.orders.count() == 2
    merge = CustomerMerge.objects.get()
    assert (merge.merged_by, merge.reason) == (marketer, "Same address")

    response = client.post(reverse("customer-merge-undo", args=[merge.pk]), follow=True)
    assert "is a customer of their own again, with 1 record." in text_of(response)
    assert kept.orders.count() == 1


def test_what_cannot_be_done_is_told_and_not_done(client):
    kept, gone = pair()
    merge = merge_customers(kept=kept, gone=gone, by=None, at=AT)
    undo = reverse("customer-merge-undo", args=[merge.pk])
    client.post(undo)

    assert "was undone already" in text_of(client.post(undo, follow=True))
    assert client.post(page_of(kept), {"with": kept.pk}).context["candidates"] == []
    assert client.post(page_of(kept), {"with": "9" * 30}).status_code == 200


def test_likely_pairs_come_with_their_reason_and_the_list_with_its_filter(client):
    pair()
    page = client.get(reverse("customer-merges"))
    assert [pair.evidence for pair in page.context["likely"]] == [("Same name and place",)]
    fill(1)
    CustomerMerge.objects.update(undone_at=AT)
    assert len(client.get(reverse("customer-merges"), {"state": "undone"}).context["page"]) == 1
    assert len(client.get(reverse("customer-merges"), {"state": "standing"}).context["page"]) == 0
    assert b"gone2,c2" in b"".join(client.get(reverse("customer-merges"), {"format": "csv"}).streaming_content)


def test_the_list_needs_no_more_queries_for_more_merges(client):
    fill(2)
    before = n_queries(client, reverse("customer-merges"))
    fill(8)
    assert n_queries(client, reverse("customer-merges")) == before


def test_a_marketer_may_not_merge(client, django_user_model):
    ensure_groups()
    kept, gone = pair()
    user = django_user_model.objects.create_user("m")
    user.groups.add(Group.objects.get(name=MARKETER))
    client.force_login(user)

    assert client.post(page_of(kept), {"with": gone.pk}).status_code == 403
    assert "Merge with…" not in text_of(client.get(kept.get_absolute_url()))
    assert Customer.objects.count() == 2


def test_the_admin_leads_to_the_comparison_of_two(client):
    kept, gone = pair()
    asked = {"action": "merge_selected", "_selected_action": [kept.pk, gone.pk]}

    response = client.post(reverse("admin:loyalty_customer_changelist"), asked)
    assert response.headers["Location"] == page_of(kept, **{"with": gone.pk})
    alone = client.post(
        reverse("admin:loyalty_customer_changelist"), {**asked, "_selected_action": [kept.pk]}, follow=True
    )
    assert "Select exactly two customers." in text_of(alone)
