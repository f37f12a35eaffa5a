"""The left bar and its icons."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.template import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
PRODUCT_NAME = "Rehearsal"


@dataclass(frozen=True)
class Entry:
    """A line of the left bar. It is lit on its own page and on the pages in `within`."""

    label: str
    url_name: str
    icon: str
    within: tuple[str, ...] = ()


ENTRIES = [
    Entry("Home", "home", "home"),
    Entry(
        "Customers",
        "customers",
        "users",
        (
            "customer",
            "customer-merges",
            "customer-merge",
            "silent-customers",
            "customer-offers",
            "customer-features",
        ),
    ),
    Entry(
        "Segments",
        "segments",
        "chart-dots",
        (
            "segment",
            "segments-rfm",
            "segments-rfm-score",
            "segments-lifecycle",
            "segments-lifetime",
            "segments-overlap",
            "segments-compare",
            "segment-new",
            "segment-rule",
            "segment-moves",
            "segments-explore",
            "segmentation",
        ),
    ),
    Entry("Products", "products", "packages", ("product", "product-map", "losing-products", "product-silence")),
    Entry("Offers", "offers", "tag", ("offer-new", "offer", "offer-assignments")),
    Entry("Campaigns", "campaigns", "speakerphone", ("campaign-new", "campaign", "campaign-incentives")),
    Entry(
        "Simulations",
        "simulations",
        "masks-theater",
        (
            "simulation",
            "audiences",
            "audience",
            "new-product",
            "new-product-simulation",
            "pilot",
            "scenarios",
            "scoreboard",
            "launch-scoreboard",
        ),
    ),
    Entry("Experiments", "experiments", "flask", ("trial", "trial-new", "trial-map")),
    Entry("Models", "models", "brain", ("model-version", "models-compare", "models-training")),
    Entry(
        "Data",
        "data",
        "database",
        (
            "imports",
            "import-new",
            "import-look",
            "import-map",
            "import-preview",
            "import-mappings",
            "ingest-run",
            "sources",
            "source-new",
            "source",
            "source-edit",
            "cleaning",
            "finding",
            "features",
        ),
    ),
    Entry("Jobs", "jobs", "list-check", ("job",)),
    Entry("Settings", "settings", "settings", ("keys", "changes")),
]


@register.inclusion_tag("components/navigation.html", takes_context=True)
def navigation(context: dict[str, Any]) -> dict[str, Any]:
    match = context["request"].resolver_match
    here = match.url_name if match else ""
    return {
        "entries": [
            {"entry": entry, "url": reverse(entry.url_name), "is_here": here in (entry.url_name, *entry.within)}
            for entry in ENTRIES
        ]
    }


@register.simple_tag(takes_context=True)
def page_title(context: Context) -> SafeString:
    """The page's heading once more, for the browser's tab: a template may not name one block twice."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block("title") if blocks else None
    heading = strip_tags(block.nodelist.render(context)).strip() if block else ""
    return mark_safe(f"{heading} · {PRODUCT_NAME}" if heading else PRODUCT_NAME)  # noqa: S308 - escaped by the block


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """An icon of the sprite; decoration only, so that a screen reader skips it."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        classes,
        static("vendor/tabler-icons/icons.svg"),
        name,
    )
