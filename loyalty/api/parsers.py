import io
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

# Text that cannot be stored is written as an escape, or not at all: JSON forbids it in the clear.
SUSPICIOUS = re.compile(rb"\\u(0000|d[89a-f])", re.IGNORECASE)


class StorableJSONParser(JSONParser):
    """JSON with text that PostgreSQL can hold. Its size is bounded before, by DATA_UPLOAD_MAX_MEMORY_SIZE."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        body = stream.read()
        try:
            parsed = super().parse(io.BytesIO(body), media_type, parser_context)
        except RecursionError as error:
            raise ParseError("The body is nested too deeply. Send plain objects and lists.") from error
        except ParseError as error:
            raise ParseError(f"The body is not valid JSON: {_reason(error)}") from error
        # Only where it can be is every text looked at: a thousand orders hold fifty thousand.
        if SUSPICIOUS.search(body) and any(not _can_be_stored(text) for text in _texts(parsed)):
            raise ParseError("The body holds a character that is not text (NUL or half a surrogate pair). Remove it.")
        return parsed


def _reason(error: ParseError) -> str:
    return str(error.detail).removeprefix("JSON parse error - ").rstrip(".") + "."


def _can_be_stored(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _texts(value: Any) -> Iterator[str]:
    """Every piece of text within parsed JSON; the parser itself has bounded the depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
