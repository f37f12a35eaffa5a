"""What people see when there is nothing, when they may not, and when we broke."""

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_an_address_with_nothing_says_so_in_our_own_words(client, marketer):
    client.force_login(marketer)
    response = client.get("/nothing/here/")
    assert response.status_code == 404
    assert "There is nothing at this address." in response.content.decode()


@pytest.mark.parametrize("name", ["offers", "campaigns", "simulations", "customers", "products", "changes"])
def test_a_sign_that_no_text_can_hold_is_not_searched_for(client, marketer, name):
    client.force_login(marketer)
    asked = "&".join(f"{one}=a%00b" for one in ("q", "state", "type", "mechanic", "key", "page", "sort"))
    assert client.get(f"{reverse(name)}?{asked}").status_code == 200


def test_who_may_not_is_told_so(client):
    client.force_login(User.objects.create_user("guest"))
    response = client.post(reverse("import-new"), {})
    assert response.status_code == 403
    assert "You may not do this." in response.content.decode()


def test_the_page_for_our_own_mistakes_needs_nothing_that_may_be_broken(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert "Nothing was lost" in render_to_string("500.html")
