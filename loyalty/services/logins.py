"""The people of the demo: one who makes campaigns, one who approves them."""

import hashlib
import hmac
from dataclasses import dataclass

from django.contrib.auth.models import Group, User
from django.db import transaction

from loyalty.services.staff import CAMPAIGN_MANAGER, MARKETER, ensure_groups

ROLES = {
    "anna": (MARKETER, "makes campaigns"),
    "ben": (CAMPAIGN_MANAGER, "approves campaigns, uses the admin"),
}


@dataclass(frozen=True)
class LogIn:
    username: str
    password: str
    role: str


@transaction.atomic
def ensure_demo_logins(*, secret: str) -> list[LogIn]:
    """Make the demo's people, or find them; the same secret gives the same passwords."""
    ensure_groups()
    return [_ensure(username, group, role, secret) for username, (group, role) in ROLES.items()]


def _ensure(username: str, group: str, role: str, secret: str) -> LogIn:
    password = hmac.new(secret.encode(), username.encode(), hashlib.sha256).hexdigest()[:16]
    user, _ = User.objects.get_or_create(username=username, defaults={"is_staff": group == CAMPAIGN_MANAGER})
    if not user.check_password(password):
        user.set_password(password)
        user.save()
    user.groups.set(Group.objects.filter(name=group))
    return LogIn(username, password, role)
