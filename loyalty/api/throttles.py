from django.conf import settings
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from loyalty.models import ApiKey
from loyalty.services.budgets import Budget, narrowest, spend
from loyalty.services.scopes import READ, WRITE

ANONYMOUS = "anonymous"
TOO_MANY = "Too many calls. Send more rows in one call, or fewer calls a minute."


def caller_of(request: Request) -> str:
    """Who calls: a key by itself, and a person in the browser."""
    return f"key {request.auth.pk}" if isinstance(request.auth, ApiKey) else f"person {request.user.pk}"


class CallThrottle(BaseThrottle):
    """So many calls a minute for each key, and a few times as many for all keys of one person together."""

    def __init__(self) -> None:
        self.budget: Budget | None = None

    def allow_request(self, request: Request, view: object) -> bool:
        if not request.user.is_authenticated:
            return True  # counted, and slowed down, before it is refused
        name = READ if request.method in SAFE_METHODS else WRITE
        limit = settings.API_CALLS_PER_MINUTE[name]
        budget = spend(caller=caller_of(request), name=name, limit=limit)
        if budget.is_granted and isinstance(request.auth, ApiKey):
            of_all = spend(caller=f"all of {request.user.pk}", name=name, limit=limit * settings.API_KEYS_AT_FULL_SPEED)
            budget = narrowest(budget, of_all)
        self.budget = view.budget = budget  # type: ignore[attr-defined]
        return budget.is_granted

    def wait(self) -> float | None:
        return self.budget.wait_seconds if self.budget else None


def count_anonymous(request: Request) -> Budget:
    """By address, so that guessing keys is slow."""
    address = BaseThrottle().get_ident(request)
    return spend(caller=f"address {address}"[:60], name=ANONYMOUS, limit=settings.API_CALLS_PER_MINUTE[ANONYMOUS])
