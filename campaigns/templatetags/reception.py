"""A forecast drawn small: the 90 % interval as a bar, its middle as a tick, what happened as a dot."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from campaigns.engine.uplift.words import points, points_between
from loyalty.templatetags.formats import NOTHING, SYMBOLS, count, money

register = template.Library()

CENTS_BELOW = 100
WIDTH = 120.0
AIR = 1.08


@register.simple_tag
def interval_mark(low: float, mid: float, high: float, happened: float | str | None = None) -> SafeString:
    """Draw from zero as far as the numbers go. Decoration beside the same numbers in words."""
    # A template hands over an empty text where there is no outcome to take a value from.
    actual = None if happened is None or isinstance(happened, str) else happened
    scale = (WIDTH - 8) / (max(high, actual or 0.0, 1e-9) * AIR)
    left, middle, right = (f"{4 + max(value, 0.0) * scale:.1f}" for value in (low, mid, high))
    width = f"{max(float(right) - float(left), 3.0):.1f}"
    bar = format_html(
        '<line class="mark-axis" x1="4" x2="116" y1="10" y2="10"/>'
        '<rect class="mark-range" x="{}" y="6" width="{}" height="8" rx="4"/>'
        '<line class="mark-mid" x1="{}" x2="{}" y1="4" y2="16"/>',
        left,
        width,
        middle,
        middle,
    )
    inside = actual is not None and low <= actual <= high
    dot = SafeString("")
    if actual is not None:
        kind = "mark-actual" if inside else "mark-actual mark-outside"
        dot = format_html('<circle class="{}" cx="{}" cy="10" r="4"/>', kind, f"{4 + actual * scale:.1f}")
    return format_html(
        '<svg class="interval-mark" viewBox="0 0 120 20" aria-hidden="true" focusable="false">{}{}</svg>',
        bar,
        dot,
    )


@register.filter
def times(value: float | None) -> str:
    """1 -> once, 2 -> twice, 3 -> 3 times."""
    n = round(value or 0)
    return {0: "never", 1: "once", 2: "twice"}.get(n, f"{n:,} times")


@register.filter
def off_by(error: float | None) -> str:
    """0.12 -> 12% too high; a share of what happened."""
    if error is None:
        return NOTHING
    rounded = round(abs(error) * 100)
    return f"{rounded}% too {'high' if error > 0 else 'low'}" if rounded else "right"


@register.simple_tag
def figure(value: float, currency: str = "") -> str:
    """A count, or money without cents where cents say nothing."""
    if not currency:
        return count(value)
    if abs(value) < CENTS_BELOW:
        return money(value, currency)
    sign, symbol, digits = "−" if value < 0 else "", SYMBOLS.get(currency), count(abs(value))
    return f"{sign}{symbol}{digits}" if symbol else f"{sign}{digits} {currency}"


@register.simple_tag
def span(low: float, high: float, currency: str = "") -> str:
    """118–167; with a word between where a minus sign would be mistaken for the dash."""
    dash = " to " if low < 0 else "–"
    return f"{figure(low, currency)}{dash}{figure(high, currency)}"


@register.filter
def effect(value: float | None, is_binary: bool) -> str:
    """+4.1 points, or +1.28 where the outcome is a number."""
    return NOTHING if value is None else points(value, is_binary=is_binary, sign=True)


@register.simple_tag
def effect_between(low: float | None, high: float | None, is_binary: bool) -> str:
    """+2.0 to +6.2; its unit stands beside the effect."""
    return "" if low is None or high is None else points_between(low, high, is_binary=is_binary)
