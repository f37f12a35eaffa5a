"""A call that comes with an Idempotency-Key is done once, however often it is sent."""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.http.request import RawPostDataException
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from loyalty.api.throttles import caller_of
from loyalty.services.answers import (
    LONGEST_KEY,
    Answer,
    Call,
    KeyUsedOtherwise,
    StillAtWork,
    earlier_answer,
    keep_answer,
)

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT_HEADERS = ("ETag", "Location")
RETRY_SECONDS = 1


class InFlight(APIException):
    status_code = 409
    default_code = "still_at_work"
    default_detail = "A call with this Idempotency-Key is still at work. Ask again in a moment."
    wait = RETRY_SECONDS  # the REST framework makes a Retry-After of it


class KeyTaken(APIException):
    status_code = 422
    default_code = "idempotency_key_used_otherwise"
    default_detail = "This Idempotency-Key came with another call before. Send a new key with a new call."


class OnceMixin(APIView):
    """Puts the handler of a call that has a key into one transaction with the answer that is kept."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        key, name = request.headers.get(HEADER), str(request.method).lower()
        handler = getattr(self, name, None)
        if key is not None and handler is not None and request.method not in SAFE_METHODS:
            # The framework looks the handler up by this name right after.
            setattr(self, name, partial(self._once, handler, _checked(key)))

    def _once(self, handler: Callable[..., Response], key: str, request: Request, *args: Any, **kwargs: Any) -> Any:
        call = Call(caller_of(request), key, _fingerprint(request))
        at = timezone.now()
        with transaction.atomic():
            try:
                answer = earlier_answer(call, at=at)
            except StillAtWork as error:
                raise InFlight from error
            except KeyUsedOtherwise as error:
                raise KeyTaken from error
            if answer is not None:
                return _sent(answer, {REPLAYED: "true"})
            answer = _answer(handler(request, *args, **kwargs))
            keep_answer(call, answer, at=at)
        return _sent(answer, {})


def _checked(key: str) -> str:
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise ParseError(f"The Idempotency-Key must be 1 to {LONGEST_KEY} plain characters. A random UUID is good.")
    return key


def _fingerprint(request: Request) -> str:
    try:
        body = request.body
    except RawPostDataException as error:
        # Only the parts of a form are read before, and a form is nothing that we take.
        raise UnsupportedMediaType(request.content_type) from error
    told = f"{request.method} {request.get_full_path()}\n".encode() + body
    return hashlib.sha256(told).hexdigest()


def _answer(response: Response) -> Answer:
    body = b"" if response.data is None else JSONRenderer().render(response.data)
    return Answer(response.status_code, body, {name: response[name] for name in KEPT_HEADERS if name in response})


def _sent(answer: Answer, more: dict[str, str]) -> HttpResponseBase:
    response = HttpResponse(
        answer.body, status=answer.status, content_type="application/json", headers={**answer.headers, **more}
    )
    if not answer.body:
        del response["Content-Type"]
    return response
