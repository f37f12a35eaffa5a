"""Every refusal leaves the API in one shape: problem details as in RFC 9457."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import structlog
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

log = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
UNEXPECTED = "Something unexpected went wrong on our side. Try again; if it stays, tell whoever runs this server."
UNAVAILABLE = "The database does not answer just now. Try again in a moment."
NOT_FOUND = "There is nothing here under that address or key."
NOT_ALLOWED = "Your account may not do this. Ask an administrator for the permission."


def problem(number: int, code: str, detail: str, errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": f"urn:problem-type:{code.replace('_', '-')}",
        "title": HTTPStatus(number).phrase,
        "status": number,
        "detail": detail,
    }
    return {**body, "errors": errors} if errors else body


def respond(exc: Exception, context: dict[str, Any]) -> Response:
    """The exception handler of the REST framework."""
    exc = _in_our_words(exc)
    response = exception_handler(exc, context)
    if response is None or not isinstance(exc, exceptions.APIException):
        response = _unexpected(exc, context)
    else:
        response.data = _described(exc)
    response.content_type = MEDIA_TYPE
    return response


class BodyTooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large. Send the rows in smaller batches."
    default_code = "body_too_large"


def _in_our_words(exc: Exception) -> Exception:
    if isinstance(exc, Http404):
        return exceptions.NotFound(NOT_FOUND)
    if isinstance(exc, RequestDataTooBig):
        return BodyTooLarge()
    if isinstance(exc, PermissionDenied | exceptions.PermissionDenied) and not _says_why(exc):
        return exceptions.PermissionDenied(NOT_ALLOWED)
    return exc


def _says_why(exc: Exception) -> bool:
    stock = exceptions.PermissionDenied.default_detail
    return isinstance(exc, exceptions.PermissionDenied) and exc.detail != stock


def _unexpected(exc: Exception, context: dict[str, Any]) -> Response:
    # Django's own road for what nobody caught: logs with the traceback, and tests see it.
    log.error("api.unexpected", exc_info=exc)
    got_request_exception.send(sender=None, request=context["request"])
    if isinstance(exc, OperationalError):
        return Response(problem(503, "unavailable", UNAVAILABLE), status=503, headers={"Retry-After": "5"})
    return Response(problem(500, "unexpected", UNEXPECTED), status=500)


def _described(exc: exceptions.APIException) -> dict[str, Any]:
    if isinstance(exc, exceptions.ValidationError):
        errors = list(_flat(exc.detail))
        return problem(exc.status_code, "invalid_input", _sentence(errors), errors)
    code = exc.get_codes()
    return problem(exc.status_code, code if isinstance(code, str) else exc.default_code, str(exc.detail))


def _flat(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Nested errors of a serializer as one list, `lines[2].quantity` naming the place."""
    if isinstance(detail, dict):
        for key, inner in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            yield from _flat(inner, ".".join(part for part in (path, name) if part))
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            is_nested = isinstance(inner, dict | list)
            yield from _flat(inner, f"{path}[{place}]" if is_nested else path)
    else:
        yield {"field": path, "reason": str(detail)}


def _sentence(errors: list[dict[str, str]]) -> str:
    if not errors:
        return "The input is not valid."
    first = f"{errors[0]['field']}: {errors[0]['reason']}".lstrip(": ")
    more = len(errors) - 1
    return first if not more else f"{first} ({more} more below.)"


@csrf_exempt
@login_not_required
def nothing_here(request: HttpRequest, **kwargs: Any) -> JsonResponse:
    """An address below /api/ that no view answers."""
    return JsonResponse(problem(404, "not_found", NOT_FOUND), status=404, content_type=MEDIA_TYPE)
