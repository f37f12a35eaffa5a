import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from loyalty.services import staff
from loyalty.services.staff import CAMPAIGN_MANAGER, MARKETER, ensure_groups

pytestmark = pytest.mark.django_db


def somebody_in(name):
    ensure_groups()
    user = get_user_model().objects.create_user(name.replace(" ", "-"))
    user.groups.add(Group.objects.get(name=name))
    return user


def test_a_marketer_makes_campaigns_and_approves_none():
    marketer = somebody_in(MARKETER)
    assert marketer.has_perms(["campaigns.add_campaign", "campaigns.add_simulation", "loyalty.view_customer"])
    assert not marketer.has_perm("campaigns.approve_campaign")
    assert not marketer.has_perm("recommender.change_modelversion")


def test_a_campaign_manager_approves():
    assert somebody_in(CAMPAIGN_MANAGER).has_perms(["campaigns.approve_campaign", "campaigns.add_campaign"])


def test_twice_is_once_and_withdraws_what_a_role_no_longer_has():
    marketers, managers = ensure_groups()
    marketers.permissions.add(*managers.permissions.all())
    ensure_groups()
    assert Group.objects.count() == 2
    assert not marketers.permissions.filter(codename="approve_campaign").exists()


def test_a_permission_that_no_table_has_is_said(monkeypatch):
    monkeypatch.setattr(staff, "GUARDS", ("campaigns.approve_everything",))
    with pytest.raises(staff.PermissionMissing, match=r"campaigns\.approve_everything"):
        ensure_groups()
