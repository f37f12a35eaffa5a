"""The steps of an import, above each of its pages."""

from dataclasses import dataclass

from django import template
from django.urls import reverse

register = template.Library()


@dataclass(frozen=True)
class Step:
    """One step as it is shown; `url` is empty where nobody can go now."""

    label: str
    url: str
    is_done: bool
    is_here: bool


# Label, and the page one can come back to while nothing has been written.
STEPS = (
    ("File", ""),
    ("Reading", "import-look"),
    ("Columns", "import-map"),
    ("Preview", "import-preview"),
    ("Check", ""),
    ("Import", ""),
)


@register.inclusion_tag("loyalty/import_steps.html")
def import_steps(here: str, pk: int | None = None) -> dict[str, list[Step]]:
    """`pk` names the import whose earlier steps can still be changed."""
    place = [label for label, _ in STEPS].index(here)
    return {
        "steps": [
            Step(
                label,
                reverse(page, args=[pk]) if pk and page and number < place else "",
                number < place,
                number == place,
            )
            for number, (label, page) in enumerate(STEPS)
        ]
    }
