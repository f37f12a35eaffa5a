from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from loyalty.services.keys import key_for

# `Token` is what the first keys were sent with.
SCHEMES = ("bearer", "token")
REFUSED = "This key does not work. Look at the page Settings whether it ran out or was taken away."


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer rk_…`: the person who made the key, and the key itself for what it may do."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _, told = get_authorization_header(request).partition(b" ")
        if scheme.decode("latin-1").lower() not in SCHEMES:
            return None
        key = key_for(told=told.strip().decode("latin-1"), at=timezone.now())
        if key is None:
            raise AuthenticationFailed(REFUSED)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the description of the API calls it."""

    target_class = KeyAuthentication
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key from the page Settings, `rk_…`."}
