"""The key with which another system speaks for a person."""

from django.contrib.auth.models import User
from django.db import transaction
from rest_framework.authtoken.models import Token


@transaction.atomic
def create_token(*, user: User) -> str:
    """A new key; the one before stops working at once. It is told this one time."""
    revoke_token(user=user)
    return str(Token.objects.create(user=user).key)


def revoke_token(*, user: User) -> bool:
    """Take the key away. False when there was none."""
    n_gone, _ = Token.objects.filter(user=user).delete()
    return n_gone > 0
