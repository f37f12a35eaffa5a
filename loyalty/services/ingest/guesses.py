"""What the cells of a column look like: numbers, days, moments, yes or no, or just text; and how they are written."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from loyalty.services.ingest.kinds import Cell

LONGEST_INTEGER = 9
INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,8})")
MONEY = r"[\s\xa0]*(?:[€$£¥]|EUR|USD|GBP|CHF)?[\s\xa0]*"
POINT = re.compile(MONEY + r"[+-]?(\d{1,3}([,'’ \xa0]\d{3})+|0|[1-9]\d*)?(\.\d*)?([eE][+-]?\d{1,2})?" + MONEY)
COMMA = re.compile(MONEY + r"[+-]?(\d{1,3}([.'’ \xa0]\d{3})+|0|[1-9]\d*)?(,\d*)?" + MONEY)
YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?P<clock>[T ,]+\d{1,2}[:.]\d{2}.*)?")
YEAR_LAST = re.compile(r"(\d{1,2})([-/. ]+)(\d{1,2})[-/. ]+(\d{4}|\d{2})(?P<clock>[T ,]+\d{1,2}[:.]\d{2}.*)?")
BOOLEANS = {"true", "false", "yes", "no", "y", "n", "ja", "nein", "oui", "non", "wahr", "falsch"}
LAST_MONTH = 12


@dataclass(frozen=True)
class Guess:
    """What a column holds. `decimal` and `date_order` are empty where nothing tells, or where it does not matter."""

    cell: Cell
    decimal: str = ""
    date_order: str = ""


def guess(values: Sequence[str]) -> Guess:
    """From values that are not empty. Nothing at all is text."""
    texts = [value.strip() for value in values if value.strip()]
    if not texts:
        return Guess(Cell.TEXT)
    return _number(texts) or _moment(texts) or _other(texts)


def _number(texts: Sequence[str]) -> Guess | None:
    if all(INTEGER.fullmatch(text) for text in texts):
        return Guess(Cell.INTEGER)
    if not all(re.search(r"\d", text) for text in texts):
        return None
    point = all(POINT.fullmatch(text) for text in texts)
    comma = all(COMMA.fullmatch(text) for text in texts)
    if not point and not comma:
        return None
    return Guess(Cell.NUMBER, decimal="" if point and comma else "." if point else ",")


def _moment(texts: Sequence[str]) -> Guess | None:
    first = [YEAR_FIRST.fullmatch(text) for text in texts]
    if all(first):
        return Guess(_day_or_moment(first), date_order="ymd")
    last = [YEAR_LAST.fullmatch(text) for text in texts]
    if not all(last):
        return None
    return Guess(_day_or_moment(last), date_order=_order([found for found in last if found]))


def _day_or_moment(found: Sequence[re.Match[str] | None]) -> Cell:
    return Cell.TIME if any(match and match["clock"] for match in found) else Cell.DATE


def _order(found: Sequence[re.Match[str]]) -> str:
    """Only a number above twelve tells days from months; points between them are written where days come first."""
    if any(int(match[1]) > LAST_MONTH for match in found) or all("." in match[2] for match in found):
        return "dmy"
    return "mdy" if any(int(match[3]) > LAST_MONTH for match in found) else ""


def _other(texts: Sequence[str]) -> Guess:
    if all(text.lower() in BOOLEANS for text in texts):
        return Guess(Cell.BOOLEAN)
    return Guess(Cell.JSON if all(_is_named_values(text) for text in texts) else Cell.TEXT)


def _is_named_values(text: str) -> bool:
    if not text.startswith("{"):
        return False
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
