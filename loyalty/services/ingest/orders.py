"""Orders, one row a line; an order is taken whole or not at all."""

from typing import Any

from loyalty.models import Category, Order, OrderLine, Product
from loyalty.models.products import CURRENCY
from loyalty.services.ingest.customers import CUSTOMER
from loyalty.services.ingest.kinds import Cell, Column, Derivation, Link, Options, Part, RecordKind, Reference
from loyalty.services.ingest.products import (
    CATEGORY_ADVICE,
    CATEGORY_PATTERN,
    PRODUCT,
    category_path,
    make_categories,
)
from loyalty.services.ingest.rows import LINE


def make_categories_of_new_products(cursor: Any, column: str, options: Options) -> None:
    """What the catalogue knows already keeps its own category."""
    if options.creates_products:
        make_categories(cursor, column, options, wanted='"sku__id" IS NULL')


ORDERS = RecordKind(
    name="orders",
    label="Orders",
    description="What was bought, online or in a shop, one row a line; returns as lines below zero.",
    group="order",
    nested="lines",
    columns=(
        Column(
            name="order_id",
            cell=Cell.TEXT,
            of=Order,
            field="external_id",
            is_required=True,
            example="O-5001",
            meaning="Your own key of the order. Rows with the same key are the lines of one order.",
        ),
        Column(
            name="customer_id",
            cell=Cell.TEXT,
            of=Order,
            field="customer",
            reference=CUSTOMER,
            example="C-1001",
            meaning="Who bought. Empty when nobody was recognised; the lines still count for the products.",
        ),
        Column(
            name="ordered_at",
            cell=Cell.TIME,
            of=Order,
            field="ordered_at",
            is_required=True,
            example="2026-03-31 18:30",
            meaning="When it was paid.",
        ),
        Column(
            name="channel",
            cell=Cell.TEXT,
            of=Order,
            field="channel",
            example="store",
            meaning="Where it was bought: store, web, app, phone.",
        ),
        Column(
            name="store",
            cell=Cell.TEXT,
            of=Order,
            field="store",
            example="Main Street",
            meaning="Which shop or site.",
        ),
        Column(
            name="currency",
            cell=Cell.TEXT,
            of=Order,
            field="currency",
            pattern=CURRENCY,
            advice="Write the currency as three capital letters, like USD.",
            default=lambda options: options.currency,
            example="USD",
            meaning="The currency of the order.",
        ),
        Column(
            name="reverses",
            cell=Cell.TEXT,
            of=Order,
            field="reverses",
            reference=Reference(model=Order, key="external_id", noun="order", also_in="order_id"),
            meaning="For a return: the order it takes back. The lines of a return are below zero.",
        ),
        Column(
            name="line_number",
            cell=Cell.INTEGER,
            of=OrderLine,
            field="line_number",
            minimum=1,
            when_absent=f'(row_number() OVER (PARTITION BY s."order_id" ORDER BY s.{LINE}))::int',
            example="1",
            meaning="The place of the line in the order. Left out, lines are numbered as they stand.",
        ),
        # These two describe products that an order names before the catalogue does; known products stay as they are.
        Column(
            name="product_name",
            cell=Cell.TEXT,
            of=Product,
            field="name",
            example="Bananas",
            meaning="What a product is called that the catalogue does not know yet.",
        ),
        Column(
            name="product_category",
            cell=Cell.TEXT,
            of=Product,
            field="category",
            reference=Reference(model=Category, key="path", noun="category", make=make_categories_of_new_products),
            rewrite=category_path,
            pattern=CATEGORY_PATTERN,
            advice=CATEGORY_ADVICE,
            meaning="Where a product belongs that the catalogue does not know yet.",
            example="Produce > Fruit > Bananas",
        ),
        Column(
            name="sku",
            cell=Cell.TEXT,
            of=OrderLine,
            field="product",
            is_required=True,
            reference=PRODUCT,
            example="4011",
            meaning="The product that was bought.",
        ),
        Column(
            name="quantity",
            cell=Cell.NUMBER,
            of=OrderLine,
            field="quantity",
            is_required=True,
            example="3",
            meaning="How much of it, in the unit of the product. Below zero for a return.",
        ),
        Column(
            name="unit_price",
            cell=Cell.NUMBER,
            of=Product,
            field="price",
            example="0.59",
            meaning="What one piece, kilogram or litre cost. Only needed where amount is empty.",
        ),
        Column(
            name="amount",
            cell=Cell.NUMBER,
            of=OrderLine,
            field="amount",
            is_required=True,
            derived=Derivation(needs=("quantity", "unit_price"), sql="round({quantity} * {unit_price}, 2)"),
            example="1.77",
            meaning="What was paid for the whole line, after discounts. Left empty, it is quantity times unit_price.",
        ),
        Column(
            name="discount",
            cell=Cell.NUMBER,
            of=OrderLine,
            field="discount",
            minimum=0,
            example="0.20",
            meaning="What the shop took off the line.",
        ),
        Column(
            name="coupon_discount",
            cell=Cell.NUMBER,
            of=OrderLine,
            field="coupon_discount",
            minimum=0,
            example="0",
            meaning="What coupons took off the line.",
        ),
    ),
    parts=(
        Part(
            model=Order,
            key=("order_id",),
            columns=("customer_id", "ordered_at", "channel", "store", "currency"),
            moment="ordered_at",
        ),
        Part(
            model=OrderLine,
            key=("order_id", "line_number"),
            columns=("sku", "quantity", "amount", "discount", "coupon_discount"),
            links=(Link(column="order_id", field="order", model=Order, key="external_id"),),
            whole_by="order_id",
        ),
        # Last, because the order that is reversed may stand further down in the same file.
        Part(
            model=Order,
            key=("order_id",),
            columns=(),
            links=(Link(column="reverses", field="reverses", model=Order, key="external_id"),),
            only_updates=True,
        ),
    ),
)
