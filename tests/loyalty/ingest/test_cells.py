"""Whatever is typed into a cell, the database is never asked to read what it cannot."""

import re
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.models import Customer, Order, Product

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("America/New_York")
quietly = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

NUMBERS = st.one_of(
    st.text("0123456789.,-+eE $N", max_size=14),
    st.decimals(-(10**9), 10**9, places=2, allow_nan=False).map(str),
    st.sampled_from(
        [
            "NaN",
            "Infinity",
            "1e5",
            "1E-9",
            "9e99",
            "1e-400",
            "0.30000000000000004",
            "0x10",
            "١٢",
            "1_000",
            "--1",
            ".",
            "-",
            "+.5",
        ]
    ),
)
MOMENTS = st.one_of(
    st.datetimes().map(lambda at: at.isoformat(sep=" ", timespec="seconds")),
    st.builds(
        "{:04}-{:02}-{:02}{}".format,
        st.integers(0, 2200),
        st.integers(0, 13),
        st.integers(0, 32),
        st.sampled_from(["", " 10:30", "T24:00", "T10:30Z", "T10:30+02:00", "T10:30-0500", " 10:30+99:00", "T10:61"]),
    ),
    st.text("0123456789-T:Z+ ", max_size=20),
)


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


def readable_number(text):
    trimmed = text.strip(" ")
    if not re.fullmatch(r"[+-]?([0-9]{1,15}(\.[0-9]{0,20})?|\.[0-9]{1,20})([eE][+-]?[0-9]{1,2})?", trimmed):
        return None
    return Decimal(trimmed) if 0 <= Decimal(trimmed) <= 9_999_999_999 else None


@quietly
@given(texts=st.lists(NUMBERS, min_size=1, max_size=12))
def test_a_number_is_read_as_python_reads_it_or_refused(take, texts):
    Product.objects.all().delete()
    rows = "".join(f"{number},x,{quoted(text)}\n" for number, text in enumerate(texts))
    take("products", "sku,name,price\n" + rows)

    expected = {}
    for number, text in enumerate(texts):
        value = readable_number(text)
        if value is not None or not text.strip(" "):
            expected[str(number)] = None if value is None else value
    found = dict(Product.objects.values_list("sku", "price"))
    assert found.keys() == expected.keys()
    assert all(price == expected[sku] or abs(price - expected[sku]) <= Decimal("0.005") for sku, price in found.items())


def readable_moment(text):
    trimmed = text.strip(" ")
    if not re.match(r"(19|20|21)\d\d-", trimmed):
        return None
    zone = re.search(r"(?<=\d)(Z|[+-]\d\d:?\d\d)$", trimmed[16:])
    try:
        at = datetime.fromisoformat(trimmed)
    except ValueError:
        return None
    if zone and abs(at.utcoffset().total_seconds()) >= 15 * 3600:
        return None
    return at if at.tzinfo else at.replace(tzinfo=ZONE)


@quietly
@given(texts=st.lists(MOMENTS, min_size=1, max_size=12))
def test_a_moment_is_read_as_python_reads_it_or_refused(take, texts):
    Order.objects.all().delete()
    Customer.objects.get_or_create(external_id="A")
    Product.objects.get_or_create(sku="1", defaults={"name": "Tea", "currency": "USD"})
    rows = "".join(f"o{number},A,{quoted(text)},1,1,1\n" for number, text in enumerate(texts))
    take("orders", "order_id,customer_id,ordered_at,sku,quantity,amount\n" + rows, zone=str(ZONE))

    for external_id, ordered_at in Order.objects.values_list("external_id", "ordered_at"):
        assert ordered_at == readable_moment(texts[int(external_id[1:])])
    refused = {f"o{number}" for number in range(len(texts))} - set(Order.objects.values_list("external_id", flat=True))
    well_formed = {
        f"o{number}"
        for number, text in enumerate(texts)
        if re.fullmatch(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?", text) and readable_moment(text)
    }
    assert not refused & well_formed
