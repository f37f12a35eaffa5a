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


def describe_refusals(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: any operation may be refused, and always in the same shape."""
    result["components"]["schemas"].update(PROBLEM_SCHEMAS)
    told = {tag["name"] for tag in result["tags"]}
    for operations in result["paths"].values():
        for operation in operations.values():
            # A kind of record that an app registered brings its own heading.
            result["tags"] += [{"name": name} for name in operation["tags"] if name not in told]
            told.update(operation["tags"])
            operation["responses"].setdefault("4XX", PROBLEM)
    return result
