"""What a model of reception may look at, in named groups: what serves from the start, and what has to prove itself."""

from dataclasses import dataclass

from campaigns.engine.likeness import TasteSpace
from campaigns.engine.reasons import FEATURE_NAMES, REASONS

CONTACTED = ("campaigns_received",)
AFFINITY = (
    "promoted_lines",
    "promoted_coupon_lines",
    "promoted_share",
    "alike_lines",
    "alike_coupon_lines",
    "alike_share",
)
COUPONS = tuple(name for reason in REASONS[:2] for name in reason.features)
SHOPPING = tuple(name for name in FEATURE_NAMES if name not in {*COUPONS, *AFFINITY, *CONTACTED})
TASTE = ("taste_likeness",)
SEASON = ("season_sine", "season_cosine")
BENEFIT = ("is_percent", "percent_off", "is_amount", "amount_off")
OFFER = (*BENEFIT, "n_products", "by_mail", "by_email", "by_sms", "by_push", *SEASON)


@dataclass(frozen=True)
class FeatureGroup:
    """Features that stand and fall together.

    Attributes
    ----------
    name : str
        Key of it everywhere.
    label : str
        What people call it.
    features : tuple of str
    serves_always : bool
        False: it has to prove on past campaigns that it makes forecasts better.
    """

    name: str
    label: str
    features: tuple[str, ...]
    serves_always: bool = True


GROUPS = (
    FeatureGroup("coupons", "Past use of coupons and offers", COUPONS),
    FeatureGroup("affinity", "Bought these products or ones like them", AFFINITY),
    FeatureGroup("shopping", "How recently, how often, for how much", SHOPPING),
    FeatureGroup("contacted", "How many campaigns they were sent", CONTACTED),
    FeatureGroup("taste", "How near the products are to their taste", TASTE, serves_always=False),
    FeatureGroup("offer", "The offer: benefit, channel, season, products", OFFER, serves_always=False),
)
# What begins so is a value of a trait of customers: which there are differs from shop to shop.
TRAIT = "trait "
EXTRA_FEATURES = tuple(name for group in GROUPS if not group.serves_always for name in group.features)


@dataclass(frozen=True)
class Extra:
    """Features that a model looks at besides those that serve always.

    Attributes
    ----------
    names : tuple of str
        Each of them `is_extra`.
    tastes : TasteSpace or None
        What likeness of taste is told in; None where it is not among them.
    """

    names: tuple[str, ...] = ()
    tastes: TasteSpace | None = None


NOTHING_MORE = Extra()


def is_extra(name: str) -> bool:
    """Whether a feature has to prove itself before it serves."""
    return name in EXTRA_FEATURES or name.startswith(TRAIT)
