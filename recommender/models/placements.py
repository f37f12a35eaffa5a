"""Where lists are shown, and by which rules: a registry, as changing one is a decision about the shop's own pages."""

from dataclasses import dataclass

WEB, EMAIL = "web", "email"


@dataclass(frozen=True)
class Placement:
    """One place that shows products to a customer.

    `purpose` and `channel` name the consent that must not be refused for it. `k` products are shown, at most
    `per_category` of one category while there are others; `session_weight` is what the products that are being looked
    at weigh beside what is known of the customer.
    """

    name: str
    label: str
    purpose: str
    channel: str
    k: int
    per_category: int | None = None
    session_weight: float = 1.0


PLACEMENTS = {
    one.name: one
    for one in (
        Placement("home", "Home page of the shop", "personalisation", WEB, k=10, per_category=3),
        Placement("product_page", "Beside a product", "personalisation", WEB, k=8, session_weight=2.0),
        Placement("basket", "In the basket", "personalisation", WEB, k=6, per_category=2, session_weight=1.5),
        Placement("email", "In an e-mail", "marketing", EMAIL, k=10, per_category=3),
    )
}
DEFAULT = "home"
MOST = 50
