"""How numbers, money, shares and moments are written for people: one place, so that a page never disagrees."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import number_format

register = template.Library()
Number = int | float | Decimal

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
NOTHING = "–"
WHOLE_FROM = 1_000
STATE_COLOURS = {
    "done": "green", "approved": "green", "completed": "green", "champion": "green", "granted": "green",
    "running": "blue", "scheduled": "azure", "in_review": "yellow", "paused": "orange", "challenger": "azure",
    "failed": "red", "dead": "red", "cancelled": "secondary", "denied": "red", "revoked": "red",
    "suits": "green", "barely": "yellow", "not yet": "secondary", "late": "red", "in time": "green",
    "confirmed": "green", "rejected": "secondary",
    "suggested": "yellow", "accepted": "azure", "automatic": "azure", "issued": "green",
    "queued": "azure", "waiting": "secondary", "pending": "secondary", "draft": "secondary",
    "checking": "blue", "checked": "azure", "discarded": "secondary",
}  # fmt: skip


@register.filter
def count(value: Number | None) -> str:
    """1234567 -> 1,234,567."""
    return NOTHING if value is None or value == "" else number_format(round(value), force_grouping=True)


@register.filter
def counted(value: int, noun: str) -> str:
    """2469, "customer" -> 2,469 customers."""
    return f"{count(value)} {noun}{'' if value == 1 else 's'}"


@register.filter
def compact(value: Number | None) -> str:
    """1469307 -> 1.47 M; short figures stay as they are."""
    if value is None or value == "":
        return NOTHING
    number = float(value)
    for limit, unit, letter in ((1e9, 1e9, "B"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(number) >= limit:
            return f"{number / unit:.3g} {letter}"
    return count(value)


@register.filter
def decimals(value: Number | None, places: int = 1) -> str:
    return NOTHING if value is None or value == "" else _digits(value, places)


def _digits(value: Number, places: int) -> str:
    """Rounded first: what the framework is given it cuts off, so that 0.30 as a float would read 0.29."""
    return number_format(Decimal(f"{value:.{places}f}"), decimal_pos=places, force_grouping=True)


@register.filter
def money(value: Number | None, currency: str = "USD") -> str:
    """Whole units from 1,000 on, cents below: `$1,235`, `$3.40`."""
    if value is None or value == "":
        return NOTHING
    return _money(value, currency, 0 if abs(float(value)) >= WHOLE_FROM else 2)


@register.filter
def amount(value: Number | None, currency: str = "USD") -> str:
    """Always to the cent: for lines of an order."""
    return NOTHING if value is None or value == "" else _money(value, currency, 2)


def _money(value: Number, currency: str, places: int) -> str:
    digits = _digits(-value if value < 0 else value, places)
    sign = "−" if value < 0 and any(digit in "123456789" for digit in digits) else ""
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{digits}" if symbol else f"{sign}{digits} {currency}".rstrip()


@register.filter
def share(value: Number | None, places: int = 1) -> str:
    """0.1234 -> 12.3%."""
    return NOTHING if value is None or value == "" else f"{_digits(float(value) * 100, places)}%"


@register.filter
def change(value: Number | None) -> str:
    """A relative change with its sign: +4.2%, −1.0%."""
    if value is None or value == "":
        return NOTHING
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{share(abs(float(value)))}"


@register.simple_tag
def interval(low: Number | None, high: Number | None, currency: str = "") -> str:
    """118–167, or $1,180–$1,670 with a currency."""
    if low is None or high is None:
        return NOTHING
    write = (lambda value: money(value, currency)) if currency else count
    return f"{write(low)}–{write(high)}"


@register.filter
def day(value: date | datetime | None) -> str:
    """29 Oct 2017, in the shop's time zone."""
    if not value:
        return NOTHING
    local = timezone.localtime(value) if isinstance(value, datetime) else value
    return f"{local.day} {local:%b %Y}"


@register.filter
def moment(value: datetime | None) -> str:
    """29 Oct 2017, 14:05 UTC."""
    return NOTHING if not value else f"{day(value)}, {timezone.localtime(value):%H:%M %Z}"


@register.filter
def ago(value: datetime | None, now: datetime | None = None) -> str:
    """How long before `now`, roughly; without `now`, before the clock on the wall."""
    if not value:
        return "never"
    seconds = ((now or timezone.now()) - value).total_seconds()
    if seconds < 45:
        return "just now"
    return f"{duration(seconds)} ago"


@register.filter
def before(value: datetime | None, newest: datetime) -> str:
    """How long before the newest order in the data, which is the shop's now."""
    return NOTHING if not value else f"{duration(newest - value)} before the newest order"


@register.filter
def duration(value: Number | timedelta | None) -> str:
    """Seconds, or a span of time, in its largest fitting unit: 8 s, 3 min, 5 h, 12 days."""
    if value is None or value == "":
        return NOTHING
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    for limit, size, unit in ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h")):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    days = round(seconds / 86_400)
    return f"{days:,} day{'' if days == 1 else 's'}"


@register.filter
def cell(value: object) -> str:
    """One value of a chart's table."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    if isinstance(value, float | Decimal):
        return f"{value:,.0f}" if abs(float(value)) >= WHOLE_FROM else f"{value:.4g}"
    if isinstance(value, datetime):
        return moment(value) if (value.hour or value.minute) else day(value)
    return day(value) if isinstance(value, date) else str(value)


@register.filter
def is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


@register.filter
def state_colour(state: str) -> str:
    """The colour of a badge for a state of a job, a campaign, a model or an import."""
    return STATE_COLOURS.get(state, "secondary")


@register.filter
def percent(value: Number | None) -> int:
    """0.4 -> 40, for the width of a bar."""
    return 0 if value is None or value == "" else max(0, min(100, round(float(value) * 100)))


@register.filter
def clock(value: datetime | None) -> str:
    """14:05:09, in the shop's time zone."""
    return NOTHING if not value else f"{timezone.localtime(value):%H:%M:%S}"


@register.filter
def took(since: datetime, until: datetime) -> str:
    """From one moment to another, in the largest fitting unit."""
    return duration(until - since)


@register.filter
def at(values: Mapping[Any, Any], key: Any) -> Any:
    """The value under a key that only the page knows."""
    return values.get(key, "")


@register.filter
def in_words(name: str) -> str:
    """`home_ownership` as people read it: Home ownership."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]
