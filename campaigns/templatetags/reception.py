"""A forecast drawn small: the 90 % interval as a bar, its middle as a tick, what happened as a dot."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

WIDTH = 120.0
AIR = 1.08


@register.simple_tag
def interval_mark(low: float, mid: float, high: float, actual: float | None = None, top: float = 0.0) -> SafeString:
    """Draw from zero to `top`, or as far as the numbers go. Decoration beside the same numbers in words."""
    scale = (WIDTH - 8) / (max(high, actual or 0.0, top, 1e-9) * AIR)
    bar = format_html(
        '<line class="mark-axis" x1="4" x2="{}" y1="10" y2="10"/>'
        '<rect class="mark-range" x="{:.1f}" y="6" width="{:.1f}" height="8" rx="4"/>'
        '<line class="mark-mid" x1="{:.1f}" x2="{:.1f}" y1="4" y2="16"/>',
        WIDTH - 4,
        4 + max(low, 0.0) * scale,
        max((high - max(low, 0.0)) * scale, 3.0),
        4 + mid * scale,
        4 + mid * scale,
    )
    inside = actual is not None and low <= actual <= high
    dot = SafeString("")
    if actual is not None:
        kind = "mark-actual" if inside else "mark-actual mark-outside"
        dot = format_html('<circle class="{}" cx="{:.1f}" cy="10" r="4"/>', kind, 4 + actual * scale)
    return format_html(
        '<svg class="interval-mark" viewBox="0 0 {} 20" aria-hidden="true" focusable="false">{}{}</svg>',
        int(WIDTH),
        bar,
        dot,
    )


@register.filter
def times(value: float | None) -> str:
    """1 -> once, 2 -> twice, 3 -> 3 times."""
    n = round(value or 0)
    return {0: "never", 1: "once", 2: "twice"}.get(n, f"{n:,} times")


@register.filter
def absolute(value: float) -> float:
    return abs(value)
