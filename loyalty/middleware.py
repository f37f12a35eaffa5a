"""What every request passes through."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from loyalty.services.trail import Actor, Via, acting

WAYS = {"/admin/": Via.ADMIN, "/api/": Via.API}


class ActorMiddleware:
    """What a request changes is written down as the doing of whoever sent it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with acting(lambda: actor_of(request)):
            return self.get_response(request)


def actor_of(request: HttpRequest) -> Actor:
    via = next((way for start, way in WAYS.items() if request.path_info.startswith(start)), Via.WEB)
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return Actor(via)
    # The REST framework leaves on Django's request what let the caller in; a session leaves nothing.
    key = getattr(request, "auth", None)
    return Actor(via, user.pk, user.get_username(), str(key)[:100] if key is not None and _tells_no_secret(key) else "")


def _tells_no_secret(key: object) -> bool:
    return hasattr(key, "prefix")
