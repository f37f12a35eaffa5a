"""Orders, one row a line; an order is taken whole or not at all."""

from loyalty.models import Order, OrderLine
from loyalty.models.products import CURRENCY
from loyalty.services.ingest.customers import CUSTOMER
from loyalty.services.ingest.kinds import Cell, Column, Link, Part, RecordKind, Reference
from loyalty.services.ingest.products import PRODUCT
from loyalty.services.ingest.rows import LINE

ORDERS = RecordKind(
    name="orders",
    label="Orders",
    group="order",
    nested="lines",
    columns=(
        Column(name="order_id", cell=Cell.TEXT, of=Order, field="external_id", is_required=True, example="O-5001"),
        Column(name="customer_id", cell=Cell.TEXT, of=Order, field="customer", reference=CUSTOMER, example="C-1001"),
        Column(
            name="ordered_at",
            cell=Cell.TIME,
            of=Order,
            field="ordered_at",
            is_required=True,
            example="2026-03-31 18:30",
        ),
        Column(name="channel", cell=Cell.TEXT, of=Order, field="channel", example="store"),
        Column(name="store", cell=Cell.TEXT, of=Order, field="store", example="Main Street"),
        Column(
            name="currency",
            cell=Cell.TEXT,
            of=Order,
            field="currency",
            pattern=CURRENCY,
            advice="Write the currency as three capital letters, like USD.",
            default=lambda options: options.currency,
            example="USD",
        ),
        Column(
            name="reverses",
            cell=Cell.TEXT,
            of=Order,
            field="reverses",
            reference=Reference(model=Order, key="external_id", noun="order", also_in="order_id"),
        ),
        Column(
            name="line_number",
            cell=Cell.INTEGER,
            of=OrderLine,
            field="line_number",
            minimum=1,
            when_absent=f'(row_number() OVER (PARTITION BY s."order_id" ORDER BY s.{LINE}))::int',
            example="1",
        ),
        Column(
            name="sku",
            cell=Cell.TEXT,
            of=OrderLine,
            field="product",
            is_required=True,
            reference=PRODUCT,
            example="4011",
        ),
        Column(name="quantity", cell=Cell.NUMBER, of=OrderLine, field="quantity", is_required=True, example="3"),
        Column(name="amount", cell=Cell.NUMBER, of=OrderLine, field="amount", is_required=True, example="1.77"),
        Column(name="discount", cell=Cell.NUMBER, of=OrderLine, field="discount", minimum=0, example="0.20"),
        Column(name="coupon_discount", cell=Cell.NUMBER, of=OrderLine, field="coupon_discount", minimum=0, example="0"),
    ),
    parts=(
        Part(
            model=Order,
            key=("order_id",),
            columns=("customer_id", "ordered_at", "channel", "store", "currency"),
        ),
        Part(
            model=OrderLine,
            key=("order_id", "line_number"),
            columns=("sku", "quantity", "amount", "discount", "coupon_discount"),
            links=(Link(column="order_id", field="order", model=Order, key="external_id"),),
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
