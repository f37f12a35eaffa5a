from django.contrib.auth.models import User
from django.db.models import QuerySet

from loyalty.models import ApiKey


def keys_of(user: User) -> QuerySet[ApiKey]:
    """Those that may still be used first, then the ones that are gone, for the record."""
    return ApiKey.objects.filter(user=user).order_by("revoked_at", "-id")
