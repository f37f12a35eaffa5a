"""What every request passes through."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, QueryDict

from loyalty.services.trail import Actor, Via, acting

WAYS = {"/admin/": Via.ADMIN, "/api/": Via.API}
UNSTORABLE = "\0"


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


class ReadableAddressMiddleware:
    """No text in the database holds a NUL, so what an address asks for loses it before a page searches for it.

    Machines are refused by the API instead, which names the parameter.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "%00" in request.META.get("QUERY_STRING", "") and not request.path_info.startswith("/api/"):
            request.GET = QueryDict(_readable(request.GET))
        return self.get_response(request)


def _readable(asked: QueryDict) -> str:
    cleaned = QueryDict(mutable=True)
    for name, values in asked.lists():
        cleaned.setlist(name.replace(UNSTORABLE, ""), [value.replace(UNSTORABLE, "") for value in values])
    return cleaned.urlencode()
