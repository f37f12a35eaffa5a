"""The pages on segments beside the list, and how habits of customers are written."""

from math import isfinite

from django import template

from loyalty.templatetags.formats import NOTHING, decimals, share

register = template.Library()
PAGES = (
    ("segments", "All segments"),
    ("segments-explore", "Explorer"),
    ("segments-rfm", "RFM"),
    ("segments-lifecycle", "Lifecycle"),
    ("segments-lifetime", "Lifetime"),
    ("segments-overlap", "Overlap"),
    ("segments-compare", "Compare"),
)


@register.inclusion_tag("segments/pages.html")
def segment_pages(here: str) -> dict[str, object]:
    return {"pages": PAGES, "here": here}


@register.filter
def habit(value: float, unit: str) -> str:
    """A mean, or the end of its range, in its own unit; money without its currency, which the page names once."""
    if not isfinite(value):
        return NOTHING
    if unit == "share":
        return share(value)
    return decimals(value, 0 if abs(value) >= 1000 else 1)
