"""Customers and what they allowed."""

from loyalty.models import Consent, Customer
from loyalty.services.ingest.kinds import Cell, Column, Part, RecordKind, Reference, columns_of

CUSTOMER = Reference(model=Customer, key="external_id", noun="customer")

CUSTOMERS = RecordKind(
    name="customers",
    label="Customers",
    columns=(
        Column(
            name="customer_id", cell=Cell.TEXT, of=Customer, field="external_id", is_required=True, example="C-1001"
        ),
        *columns_of(
            Customer,
            name=Cell.TEXT,
            age_group=Cell.TEXT,
            gender=Cell.TEXT,
            income_band=Cell.TEXT,
            household_type=Cell.TEXT,
            household_size=Cell.TEXT,
            location=Cell.TEXT,
            preferred_channel=Cell.TEXT,
            joined_on=Cell.DATE,
            attributes=Cell.JSON,
        ),
    ),
    parts=(
        Part(
            model=Customer,
            key=("customer_id",),
            columns=(
                "name",
                "age_group",
                "gender",
                "income_band",
                "household_type",
                "household_size",
                "location",
                "preferred_channel",
                "joined_on",
                "attributes",
            ),
        ),
    ),
)

CONSENTS = RecordKind(
    name="consents",
    label="Consents",
    columns=(
        Column(
            name="customer_id",
            cell=Cell.TEXT,
            of=Consent,
            field="customer",
            is_required=True,
            reference=CUSTOMER,
            example="C-1001",
        ),
        Column(name="purpose", cell=Cell.TEXT, of=Consent, field="purpose", is_required=True, example="marketing"),
        Column(name="channel", cell=Cell.TEXT, of=Consent, field="channel", is_required=True, example="email"),
        Column(name="state", cell=Cell.TEXT, of=Consent, field="state", is_required=True, example="granted"),
        Column(name="at", cell=Cell.TIME, of=Consent, field="at", is_required=True, example="2026-03-31 18:30"),
        Column(name="source", cell=Cell.TEXT, of=Consent, field="source", default=lambda options: options.source[:100]),
    ),
    parts=(Part(model=Consent, key=("customer_id", "purpose", "channel", "at"), columns=("state", "source")),),
)
