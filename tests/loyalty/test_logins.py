import pytest
from django.contrib.auth import authenticate

from loyalty.services.logins import ensure_demo_logins

pytestmark = pytest.mark.django_db


def test_the_same_secret_gives_the_same_log_ins():
    first = ensure_demo_logins(secret="s1")
    assert ensure_demo_logins(secret="s1") == first
    assert all(authenticate(username=login.username, password=login.password) for login in first)


def test_another_secret_gives_other_passwords():
    old = ensure_demo_logins(secret="s1")[0]
    ensure_demo_logins(secret="s2")
    assert authenticate(username=old.username, password=old.password) is None


def test_who_makes_campaigns_does_not_approve_them():
    anna, ben = (
        authenticate(username=login.username, password=login.password) for login in ensure_demo_logins(secret="s")
    )
    assert anna.has_perm("campaigns.add_campaign")
    assert not anna.has_perm("campaigns.approve_campaign")
    assert ben.has_perm("campaigns.approve_campaign")
