"""What every operation of the described API has in common."""

from typing import Any

PROBLEM = {
    "description": "Refused: one sentence for people, and the reason by field.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
PROBLEM_SCHEMAS = {
    "FieldProblem": {
        "type": "object",
        "required": ["field", "reason"],
        "properties": {
            "field": {"type": "string", "examples": ["lines[2].quantity"]},
            "reason": {"type": "string", "description": "What is wrong and what to do."},
        },
    },
    "Problem": {
        "type": "object",
        "description": "Problem details as in RFC 9457.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri", "examples": ["urn:problem-type:invalid-input"]},
            "title": {"type": "string", "examples": ["Bad Request"]},
            "status": {"type": "integer", "examples": [400]},
            "detail": {"type": "string", "description": "One sentence for people."},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
        },
    },
}


ONCE = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A text of your choice, a UUID say: the same call with it is done once and answered the same.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[A-Za-z0-9_-]+$"},
}
MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag of what you read, or * for whatever is there. Without it the call is refused with 428.",
    "schema": {"type": "string"},
}
KNOWN = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of what you have already; if it still is the same you get 304 and no body.",
    "schema": {"type": "string"},
}
LEFT = {
    "RateLimit": {"description": "Calls left, and seconds until all are there again.", "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": "Calls a minute.", "schema": {"type": "string"}},
}
ETAG = {"ETag": {"description": "Of this representation; a strong one.", "schema": {"type": "string"}}}
NOT_MODIFIED = {"description": "You have it already.", "headers": ETAG}
CHANGED_IN_PLACE = ("patch", "delete")


def describe_refusals(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: any operation may be refused, and always in the same shape."""
    result["components"]["schemas"].update(PROBLEM_SCHEMAS)
    told = {tag["name"] for tag in result["tags"]}
    for operations in result["paths"].values():
        for method, operation in operations.items():
            # A kind of record that an app registered brings its own heading.
            result["tags"] += [{"name": name} for name in operation["tags"] if name not in told]
            told.update(operation["tags"])
            _describe(method, operation)
    return result


def _describe(method: str, operation: dict[str, Any]) -> None:
    """Headers that come and go with every operation of its sort."""
    parameters, answers = operation.setdefault("parameters", []), operation["responses"]
    for answer in answers.values():
        answer["headers"] = {**LEFT, **answer.get("headers", {})}
    if method != "get":
        parameters.append(ONCE)
    if method in CHANGED_IN_PLACE:
        parameters.append(MATCH)
    if operation["operationId"].endswith("_retrieve"):
        parameters.append(KNOWN)
        answers["200"]["headers"] |= ETAG
        answers["304"] = NOT_MODIFIED
    answers.setdefault("4XX", PROBLEM)
