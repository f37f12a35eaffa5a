"""What the published files say, in our words: counts, zones, windows, and the quirks."""

import re
from datetime import UTC, datetime

import pyarrow.compute as pc
import pytest

from campaigns.sources import complete_journey as source

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module", autouse=True)
def package():
    try:
        return source.folder()
    except source.DemoDataMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def orders():
    return source.orders()


@pytest.fixture(scope="module")
def products():
    return source.products()


def test_everything_published_is_read(orders, products):
    published = source.PUBLISHED

    assert len(orders) == published["transactions"]
    assert len(products) == published["products"]
    assert len(source.customers()) == published["households"]
    assert len(source.offer_products()) == published["coupons"]
    assert len(source.sends()) == published["campaigns"]
    assert len(source.campaigns()) == published["campaign_descriptions"]
    assert len(source.redemptions()) == published["coupon_redemptions"]
    assert round(pc.sum(orders["amount"]).as_py(), 2) == float(source.PUBLISHED_SALES)


def test_lines_are_numbered_once_within_their_order(orders):
    keys = orders.group_by(["order_id", "line_number"]).aggregate([])
    highest = orders.group_by("order_id").aggregate([("line_number", "max"), ("line_number", "count")])

    assert len(keys) == len(orders)
    assert highest["line_number_max"].to_pylist() == highest["line_number_count"].to_pylist()


def test_unmarked_times_are_utc(orders):
    # The data cover the year 2017 of New York, whose first morning begins at five o'clock UTC.
    assert pc.max(orders["ordered_at"]).as_py() == datetime(2018, 1, 1, 4, 1, 20, tzinfo=UTC)


def test_products_are_named_for_people(products):
    names = products["name"].to_pylist()

    assert "Ice - Crushed/Cubed, 22 LB" in names
    assert all(names)
    assert not [name for name in names if re.search("[A-Z]{5}", name.split(", ")[0])]
    assert max(map(len, names)) <= 200


def test_fuel_is_not_counted_in_pieces(products):
    fuel = products.filter(pc.equal(products["quantity_unit"], "other"))

    assert len(fuel) == 35
    assert all("Gasoline" in name for name in fuel["name"].to_pylist())


def test_windows_are_whole_local_days_and_open_ones_are_not_called_completed():
    rows = {row["campaign_id"]: row for row in source.campaigns().to_pylist()}

    # New York changed its clocks inside this window.
    assert rows["1"]["starts_at"] == datetime(2017, 3, 3, 5, tzinfo=UTC)
    assert rows["1"]["ends_at"] == datetime(2017, 4, 10, 4, tzinfo=UTC)
    assert {name for name, row in rows.items() if row["state"] == "running"} == {"15", "20", "21", "22", "23"}


def test_a_coupon_is_another_offer_in_every_campaign():
    offers = source.offers()
    redeemed = set(source.redemptions()["offer_id"].to_pylist())

    assert len(offers) == 1_197
    assert len(set(offers["offer_id"].to_pylist())) == 1_197
    assert redeemed <= set(offers["offer_id"].to_pylist())
    assert source.n_repeated_coupons() == 4_872


def test_redemptions_lie_on_local_days_inside_their_campaign():
    windows = {row["campaign_id"]: (row["starts_at"], row["ends_at"]) for row in source.campaigns().to_pylist()}
    rows = source.redemptions().to_pylist()

    for row in rows:
        starts_at, ends_at = windows[row["campaign_id"]]
        assert starts_at <= row["redeemed_at"] < ends_at
