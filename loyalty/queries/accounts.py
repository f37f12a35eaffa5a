from datetime import datetime

from django.contrib.auth.models import User
from rest_framework.authtoken.models import Token


def token_made_at(user: User) -> datetime | None:
    """When the person's API key was made, if there is one. The key itself is never read back."""
    token = Token.objects.filter(user=user).first()
    return token.created if token else None
