"""Look for what is odd in the data and for what may stand in where something is missing. The data stay as they came."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings

from loyalty.engine.freshness import first_regular_day
from loyalty.engine.groups import Floats, Integers
from loyalty.engine.imputation import impute
from loyalty.engine.measures import Measured, ProductProfiles, measured_products, non_products, product_profiles
from loyalty.engine.outliers import Outliers, outlying_prices, outlying_quantities, unusual_customers
from loyalty.models import DataFlag, FlagDecision, Product
from loyalty.queries.cleaning import finds
from loyalty.queries.cleaning.lines import LineShare, ProductColumns, line_shares, product_columns
from loyalty.queries.cleaning.report import Totals
from loyalty.queries.frames import copy_frame
from loyalty.queries.merges import PERSONAL_MARKS
from loyalty.services.flags import Findings
from loyalty.services.progress import Progress

Check = DataFlag.Check
# The sample that tells how skewed customers are; the same every time, so that the same data give the same flags.
SEED = 7
MOST_REPEATED_CUSTOMERS = 100_000
OF_ORDERS = """
SELECT customer_id, min(ordered_at)::date::text FROM loyalty_order o JOIN loyalty_customer c ON c.id = o.customer_id
WHERE c.joined_on IS NULL AND o.ordered_at < %(as_of)s GROUP BY 1
"""
MOST_USED_CHANNEL = """
SELECT DISTINCT ON (customer_id) customer_id, channel FROM (
    SELECT o.customer_id, o.channel, count(*) AS n FROM loyalty_order o JOIN loyalty_customer c ON c.id = o.customer_id
    WHERE c.preferred_channel = '' AND o.channel <> '' AND o.ordered_at < %(as_of)s GROUP BY 1, 2
) channels WHERE n >= 3 ORDER BY customer_id, n DESC, channel
"""


@dataclass
class ProductFindings:
    """What the lines of all products tell, gathered share by share. Arrays are `(n_products,)`."""

    columns: ProductColumns
    price: Floats = field(init=False)
    units: Floats = field(init=False)
    amount: Floats = field(init=False)
    measured: list[int] = field(default_factory=list)
    non_products: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        n = len(self.columns.ids)
        self.price, self.units, self.amount = np.full(n, np.nan), np.zeros(n), np.zeros(n)

    @property
    def not_pieces(self) -> Integers:
        """Products whose quantities are no pieces of anything."""
        return np.unique(np.array([*self.measured, *self.non_products], dtype=np.int64))

    @property
    def totals(self) -> Totals:
        no_product = np.isin(self.columns.ids, self.non_products)
        measured = np.isin(self.columns.ids, self.measured) & ~no_product
        return Totals(
            units=float(self.units.sum()),
            amount=float(self.amount.sum()),
            measured_units=float(self.units[measured].sum()),
            non_product_units=float(self.units[no_product].sum()),
            non_product_amount=float(self.amount[no_product].sum()),
        )


def find_all(found: Findings, *, as_of: datetime, at: datetime, report: Progress) -> ProductFindings:
    """Run every check on what was known before `as_of`; `at` is now, after which nothing can have happened."""
    report(0, 5, "Comparing the lines of each product")
    products = _of_products(found, as_of)
    report(1, 5, "Looking for what stands there twice")
    values = {"as_of": as_of, "at": at, "zone": settings.TIME_ZONE}
    found.select(Check.REPEATED_LINE, "orderline", finds.REPEATED_LINES, values)
    found.select(Check.REPEATED_ORDER, "order", finds.REPEATED_ORDERS, values)
    likely = {"marks": list(PERSONAL_MARKS), "limit": MOST_REPEATED_CUSTOMERS}
    found.select(Check.REPEATED_CUSTOMER, "customer", finds.REPEATED_CUSTOMERS, likely)
    report(2, 5, "Looking at the dates")
    found.select(Check.DATE, "order", finds.ODD_DATES, {**values, "began_at": _began_at(as_of)})
    found.select(Check.DATE, "customer", finds.ODD_BIRTHS, values)
    found.select(Check.DATE, "interaction", finds.ODD_MOMENTS, values)
    report(3, 5, "Comparing customers with each other")
    _of_customers(found, products, as_of)
    report(4, 5, "Filling in what is missing")
    _impute(found, products, as_of)
    return products


def _rejected(check: Check) -> set[int]:
    """Records of which somebody said that the finding is wrong."""
    rejected = FlagDecision.objects.filter(check_name=check, verdict=FlagDecision.Verdict.REJECTED)
    return set(rejected.values_list("record_id", flat=True))


def _of_products(found: Findings, as_of: datetime) -> ProductFindings:
    """Profiles first, over all shares; a price is judged by all other products, and those may be in another share."""
    products = ProductFindings(product_columns())
    n_products = len(products.columns.ids)
    profiles: list[ProductProfiles] = []
    for share in line_shares(products.columns.ids, as_of=as_of):
        profiles.append(product_profiles(share.product_row, share.quantity, share.amount, n_products))
        products.units += np.bincount(share.product_row, np.maximum(share.quantity, 0), n_products)
        products.amount += np.bincount(share.product_row, share.amount, n_products)
    profile = _joined(profiles)
    products.price = profile.price
    _flag_measured(found, products, profile)
    _flag_non_products(found, products, profile)
    odd = np.isin(products.columns.ids, products.non_products)
    for share in line_shares(products.columns.ids, as_of=as_of):
        _flag_lines(found, share, odd)
    return products


def _joined(profiles: list[ProductProfiles]) -> ProductProfiles:
    """The lines of a product are all in one share, so exactly one profile knows it."""
    knows = np.argmax([one.n_lines for one in profiles], axis=0)
    rows = np.arange(len(knows))
    fields = ProductProfiles.__dataclass_fields__
    return ProductProfiles(**{name: np.stack([getattr(one, name) for one in profiles])[knows, rows] for name in fields})


def _flag_measured(found: Findings, products: ProductFindings, profile: ProductProfiles) -> None:
    columns = products.columns
    measured = measured_products(profile, columns.category_row)
    rows = defaultdict(list)
    for place, row in enumerate(measured.row):
        unit = Product.Unit.KILOGRAM if measured.is_fractional[place] else Product.Unit.OTHER
        told = _measure_told(profile, measured, place)
        rows[unit].append((int(columns.ids[row]), float(profile.quantity[row]), None, told))
    for unit, flags in rows.items():
        found.add(Check.UNIT, "product", flags, suggestion=unit.value)
    declared = Product.objects.exclude(quantity_unit=Product.Unit.EACH).values_list("pk", flat=True)
    detected = {int(columns.ids[row]) for row in measured.row} - _rejected(Check.UNIT)
    products.measured = sorted(detected | set(declared))


def _measure_told(profile: ProductProfiles, measured: Measured, place: int) -> str:
    row = measured.row[place]
    if measured.is_fractional[place]:
        return f"{profile.fraction_share[row]:.0%} of its {profile.n_lines[row]:,} lines have a quantity with decimals."
    return (
        f"Usually {profile.quantity[row]:,.0f} at a time, {profile.n_lines[row]:,} lines and hardly two alike, each "
        f"unit for {1 / measured.price_ratio[place]:,.0f} times less than other products."
    )


def _flag_non_products(found: Findings, products: ProductFindings, profile: ProductProfiles) -> None:
    columns, flags = products.columns, []
    for evidence in non_products(columns.skus, columns.names, profile):
        signs = [
            f"the code “{columns.skus[evidence.row]}” is unlike the others" if evidence.odd_code else "",
            "its price is another one each time" if evidence.price_typed_in else "",
            f"it is called “{evidence.word}”" if evidence.word else "",
        ]
        told = ", ".join(filter(None, signs))
        n_lines = float(profile.n_lines[evidence.row])
        flags.append((int(columns.ids[evidence.row]), n_lines, None, f"{told[0].upper()}{told[1:]}."))
    found.add(Check.NON_PRODUCT, "product", flags)
    products.non_products = sorted({flag[0] for flag in flags} - _rejected(Check.NON_PRODUCT))


def _flag_lines(found: Findings, share: LineShare, is_no_product: Any) -> None:
    n_products = len(is_no_product)
    judged = np.flatnonzero(~is_no_product[share.product_row])
    row, quantity, amount = share.product_row[judged], share.quantity[judged], share.amount[judged]
    line_id = share.line_id[judged]
    far = outlying_quantities(row, quantity, n_products)
    sentence = "{:,.10g} pieces; up to {:,.0f} would be usual for this product."
    found.add(Check.QUANTITY, "orderline", _told(far, line_id, sentence))
    far = outlying_prices(row, quantity, amount, n_products)
    dear, cheap = far.value > far.limit, far.value < far.limit
    for which, usual in ((dear, "up to {:,.2f} would be usual."), (cheap, "from {:,.2f} on is usual.")):
        found.add(Check.PRICE, "orderline", _told(_only(far, which), line_id, "{:,.2f} apiece; " + usual))


def _only(far: Outliers, which: Any) -> Outliers:
    return Outliers(far.row[which], far.value[which], far.limit[which])


def _told(far: Outliers, ids: Integers, sentence: str) -> list[tuple[int, float, float, str]]:
    numbers = zip(ids[far.row].tolist(), far.value.tolist(), far.limit.tolist(), strict=True)
    return [(pk, value, limit, sentence.format(value, limit)) for pk, value, limit in numbers]


def _began_at(as_of: datetime) -> datetime:
    """The day on which the shop's orders really begin."""
    days = copy_frame(finds.ORDER_DAYS, {"as_of": as_of})
    first = first_regular_day(days["day"].to_numpy(), days["n"].to_numpy())
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=first or 0)


def _of_customers(found: Findings, products: ProductFindings, as_of: datetime) -> None:
    not_pieces = products.not_pieces.tolist()
    frame = copy_frame(finds.CUSTOMER_ORDERS, {"as_of": as_of, "not_pieces": not_pieces})
    ids, units, spend = (frame[name].to_numpy() for name in ("customer_id", "units", "spend"))
    far = unusual_customers(units, spend, rng=np.random.default_rng(SEED))
    sentence = "Usually {:,.0f} pieces an order; of other customers hardly anybody buys more than {:,.0f}."
    found.add(Check.RESELLER, "customer", _told(far, ids, sentence))


def _impute(found: Findings, products: ProductFindings, as_of: datetime) -> None:
    columns = products.columns
    price = np.where(np.isnan(columns.price), products.price, columns.price)
    own = np.flatnonzero(np.isnan(columns.price) & np.isfinite(products.price))
    found.impute("product", "price", *_values(columns.ids[own], products.price[own], ["median paid"] * len(own)))
    by_category = impute(price, {"median of the category": columns.category_row}, overall="median of the shop")
    found.impute("product", "price", *_values(columns.ids[by_category.row], by_category.value, by_category.method))
    price[by_category.row] = by_category.value
    margins = impute(
        columns.cost / price, {"cost share of the category": columns.category_row}, overall="cost share of the shop"
    )
    cost = margins.value * price[margins.row]
    found.impute("product", "cost", *_values(columns.ids[margins.row], cost, margins.method))
    found.impute_by("customer", "joined_on", "day of the first order", OF_ORDERS, {"as_of": as_of})
    found.impute_by("customer", "preferred_channel", "most used channel", MOST_USED_CHANNEL, {"as_of": as_of})


def _values(ids: Integers, values: Floats, methods: Any) -> tuple[list[int], list[str], list[str]]:
    return ids.tolist(), [f"{value:.2f}" for value in values], list(methods)
