"""The pages on segments beside the list, in the order of the buttons."""

from django import template

register = template.Library()
PAGES = (
    ("segments", "All segments"),
    ("segments-explore", "Explorer"),
    ("segments-rfm", "RFM"),
    ("segments-lifecycle", "Lifecycle"),
    ("segments-lifetime", "Lifetime"),
)


@register.inclusion_tag("segments/pages.html")
def segment_pages(here: str) -> dict[str, object]:
    return {"pages": PAGES, "here": here}
