"""A file in a shop's own words: looked at, mapped, previewed, taken in."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from loyalty.models import Customer, ImportMapping, Order, OrderLine, Product
from loyalty.services.ingest import (
    Cell,
    FileRefused,
    Mapping,
    MappingRefused,
    check_mapping,
    fitting_mapping,
    kind_named,
    look_at,
    preview,
    suggest_mapping,
)

pytestmark = pytest.mark.django_db
GERMAN = (
    "Bestell-Nr.;Kundennummer;Datum;Artikelnummer;Bezeichnung;Menge;Einzelpreis;Lager\r\n"
    "B1;K1;31.12.2016 18:30;A1;Grüner Tee;2;1.234,50 €;Nord\r\n"
    "B1;K1;31.12.2016 18:30;A2;Käse;1;0,99 €;Nord\r\n"
    "B2;;01.01.2017 09:05;A1;Grüner Tee;-1;1.234,50 €;Nord\r\n"
)
ORDERS = {
    "Bestell-Nr.": "order_id",
    "Kundennummer": "customer_id",
    "Datum": "ordered_at",
    "Artikelnummer": "sku",
    "Bezeichnung": "product_name",
    "Menge": "quantity",
    "Einzelpreis": "unit_price",
}


@pytest.fixture
def german(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_bytes(GERMAN.encode("cp1252"))
    return path


@pytest.fixture
def mapping():
    return Mapping(
        columns={**ORDERS, "Lager": ""},
        constants={"currency": "EUR", "channel": "web"},
        decimal=",",
        date_order="dmy",
        unknown_products="create",
        unknown_customers="create",
    )


def test_a_look_tells_how_the_file_is_written(german):
    look = look_at(german)

    assert (look.encoding, look.delimiter, look.n_rows) == ("cp1252", ";", 3)
    assert (look.decimal, look.date_order) == (",", "dmy")
    assert {column.name: column.cell for column in look.columns} == {
        "Bestell-Nr.": Cell.TEXT,
        "Kundennummer": Cell.TEXT,
        "Datum": Cell.TIME,
        "Artikelnummer": Cell.TEXT,
        "Bezeichnung": Cell.TEXT,
        "Menge": Cell.INTEGER,
        "Einzelpreis": Cell.NUMBER,
        "Lager": Cell.TEXT,
    }
    assert look.columns[4].samples == ("Grüner Tee", "Käse")
    assert look.columns[1].empty_share == pytest.approx(1 / 3)
    assert (look.lines, look.rows[1][4]) == ((2, 3, 4), "Käse")


def test_the_names_of_other_programs_are_known_and_the_rest_is_left_to_people(german):
    suggested = suggest_mapping(kind_named("orders"), look_at(german), [])

    assert suggested.columns == ORDERS
    assert (suggested.decimal, suggested.date_order) == (",", "dmy")


def test_the_words_of_a_well_known_shop_are_known(tmp_path):
    path = tmp_path / "shop.csv"
    path.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,85123A,WHITE HOLDER,6,2010-12-01 08:26,2.55,17850,United Kingdom\n"
    )
    columns = suggest_mapping(kind_named("orders"), look_at(path), []).columns

    assert columns == {
        "InvoiceNo": "order_id",
        "StockCode": "sku",
        "Description": "product_name",
        "Quantity": "quantity",
        "InvoiceDate": "ordered_at",
        "UnitPrice": "unit_price",
        "CustomerID": "customer_id",
    }


def test_a_saved_mapping_that_fits_the_heading_wins(german, mapping, at):
    decided = mapping.to_json()
    columns, constants = decided.pop("columns"), decided.pop("constants")
    saved = ImportMapping.objects.create(
        kind="orders", name="Till", columns=columns, constants=constants, options=decided, at=at
    )
    other = ImportMapping(kind="orders", name="Web", columns={"Order": "order_id"}, at=at)

    assert fitting_mapping(kind_named("orders"), look_at(german), [other, saved]) == saved
    assert suggest_mapping(kind_named("orders"), look_at(german), [other, saved]) == mapping


def test_every_column_has_to_be_decided_and_each_gets_its_sentence(german, mapping):
    columns = {**ORDERS, "Kundennummer": "order_id", "Menge": "pieces", "Nowhere": "sku"}
    columns.pop("Artikelnummer")
    wrong = replace(mapping, columns=columns, constants={"currency": "EUR", "sku": "A1"}, decimal="x", zone="Mars")

    with pytest.raises(MappingRefused) as refused:
        check_mapping(kind_named("orders"), look_at(german), wrong)
    assert {column: sentence.split(".")[0] for column, sentence in refused.value.sentences} == {
        "Artikelnummer": "Say what column “Artikelnummer” is, or skip it on purpose",
        "Lager": "Say what column “Lager” is, or skip it on purpose",
        "Nowhere": "The file has no column “Nowhere”",
        "pieces": "Orders have no column “pieces”",
        "order_id": "Columns “Bestell-Nr",
        "sku": "sku is taken from the file and has a fixed value too",
        "quantity": "Every row needs quantity",
        "amount": "Every row needs amount, or quantity and unit_price",
        "decimal": "Choose one of ",
        "zone": "There is no time zone “Mars”",
    }


def test_a_mapped_file_is_taken_as_its_shop_meant_it(take, german, mapping):
    taken = take("orders", german.read_bytes(), mapping=mapping, zone="Europe/Berlin")

    assert taken.counts == (3, 0, 0, 0)
    order = Order.objects.get(external_id="B1")
    assert (order.currency, order.channel, order.customer.external_id) == ("EUR", "web", "K1")
    assert order.ordered_at == datetime(2016, 12, 31, 17, 30, tzinfo=UTC)
    assert list(OrderLine.objects.order_by("order__external_id", "line_number").values_list("quantity", "amount")) == [
        (Decimal(2), Decimal("2469.00")),
        (Decimal(1), Decimal("0.99")),
        (Decimal(-1), Decimal("-1234.50")),
    ]
    assert set(Product.objects.values_list("sku", "name", "currency")) == {
        ("A1", "Grüner Tee", "EUR"),
        ("A2", "Käse", "EUR"),
    }
    assert Order.objects.get(external_id="B2").customer is None
    assert take("orders", german.read_bytes(), mapping=mapping, zone="Europe/Berlin").counts == (0, 0, 3, 0)


def test_a_preview_shows_values_as_taken_and_problems_at_their_cells(german, mapping, at):
    Product.objects.create(sku="A1", name="Tea", currency="EUR")
    shown = preview(kind_named("orders"), german, replace(mapping, unknown_products="reject"), at=at)

    at_column = {name: place for place, name in enumerate(shown.columns)}
    first, second, third = shown.rows
    assert third.cells[at_column["amount"]].value == "-1234.50"
    assert second.cells[at_column["sku"]].problem.startswith("There is no product with this key.")
    assert first.cells[at_column["order_id"]].problem.startswith("Another row of this order (line 3)")
    assert third.is_taken
    assert not Order.objects.exists()


def test_named_values_are_mapped_one_by_one(take):
    mapping = Mapping(columns={"id": "customer_id", "Country": "attributes.country"}, constants={"location": "Bonn"})
    take("customers", "id,Country\nA,Norway\n", mapping=mapping)

    customer = Customer.objects.get()
    assert (customer.attributes, customer.location) == ({"country": "Norway"}, "Bonn")


def test_a_number_with_the_other_sign_is_refused_rather_than_guessed(take):
    mapping = Mapping(columns={"sku": "sku", "name": "name", "price": "price"}, decimal=",")
    taken = take("products", "sku;name;price\n1;Tea;1.50\n2;Milk;1,50\n", mapping=mapping)

    assert [(line, column) for line, column, _ in taken.refusals] == [(2, "price")]
    assert Product.objects.get().price == Decimal("1.50")


def test_a_mapping_for_another_file_is_refused_when_it_is_taken(take, mapping):
    with pytest.raises(FileRefused, match="The file has no column “Bestell-Nr"):
        take("orders", "a,b\n1,2\n", mapping=mapping)
