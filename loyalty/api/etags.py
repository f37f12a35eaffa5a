"""Whether a record still is what the caller read: ETag, If-None-Match and If-Match as in RFC 9110."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.http import parse_etags
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

LENGTH = 32


class PreconditionRequired(APIException):
    status_code = 428
    default_code = "precondition_required"
    default_detail = (
        "Say what you change: send If-Match with the ETag that you read, or If-Match: * for whatever is there now."
    )


class PreconditionFailed(APIException):
    status_code = 412
    default_code = "precondition_failed"
    default_detail = "The record was changed since you read it. Read it again, then send your change with its new ETag."


def etag_of(representation: Mapping[str, Any]) -> str:
    """A strong one: equal only for an answer that is equal byte by byte."""
    digest = hashlib.sha256(JSONRenderer().render(representation)).hexdigest()
    return f'"{digest[:LENGTH]}"'


def is_known(request: Request | HttpRequest, etag: str) -> bool:
    """Whether the caller has this very answer already."""
    told = [one.removeprefix("W/") for one in parse_etags(request.headers.get("If-None-Match", ""))]
    return etag in told or "*" in told


def check_match(request: Request, representation: Mapping[str, Any]) -> None:
    """Raises PreconditionRequired, or PreconditionFailed."""
    if "If-Match" not in request.headers:
        raise PreconditionRequired
    told = parse_etags(request.headers["If-Match"])
    if "*" not in told and etag_of(representation) not in told:
        raise PreconditionFailed
