"""Customers and what they allowed."""

from typing import Any

from loyalty.models import Consent, Customer
from loyalty.services.ingest.kinds import Cell, Column, Options, Part, RecordKind, Reference
from loyalty.services.ingest.placeholders import make_missing
from loyalty.services.ingest.spellings import choice_of


def make_customers(cursor: Any, column: str, options: Options) -> None:
    """Customers of whom so far only the key is known."""
    make_missing(cursor, Customer, column, {"external_id": f'c."{column}"'}, options)


CUSTOMER = Reference(
    model=Customer,
    key="external_id",
    noun="customer",
    make=make_customers,
    is_made=lambda options: options.creates_customers,
    has_aliases=True,
)
CONSENT_WORDS = {
    **dict.fromkeys(("yes", "true", "1", "opt in", "opted in", "subscribed", "allowed"), "granted"),
    **dict.fromkeys(("no", "false", "0", "opt out", "opted out", "refused"), "denied"),
    **dict.fromkeys(("withdrawn", "unsubscribed", "cancelled"), "revoked"),
}


def _about(name: str, example: str, meaning: str, cell: Cell = Cell.TEXT) -> Column:
    return Column(name=name, cell=cell, of=Customer, field=name, example=example, meaning=meaning)


CUSTOMERS = RecordKind(
    name="customers",
    label="Customers",
    has_aliases=True,
    description="The people or households of your loyalty programme, and what you know about them.",
    columns=(
        Column(
            name="customer_id",
            cell=Cell.TEXT,
            of=Customer,
            field="external_id",
            is_required=True,
            example="C-1001",
            meaning="Your own key of the customer. It never changes and never names two people.",
        ),
        _about("name", "Ada Byron", "How staff call them. May stay empty."),
        _about("age_group", "35-44", "An age group in your own words."),
        _about("gender", "female", "As they told you."),
        _about("income_band", "50-74K", "An income band in your own words."),
        _about("household_type", "2 Adults Kids", "Who lives together."),
        _about("household_size", "4", "How many live together."),
        _about("location", "Cincinnati", "Town, region or postcode."),
        _about("preferred_channel", "email", "How they like to be reached."),
        _about("joined_on", "2024-05-31", "The day they joined.", Cell.DATE),
        _about(
            "attributes",
            '{"shoe_size": 38}',
            "Anything else, as named values. In a file, a column attributes.shoe_size does the same.",
            Cell.JSON,
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
    description="What customers allowed or forbade: for which purpose, on which channel, and when they said so.",
    columns=(
        Column(
            name="customer_id",
            cell=Cell.TEXT,
            of=Consent,
            field="customer",
            is_required=True,
            reference=CUSTOMER,
            example="C-1001",
            meaning="Whose word it is.",
        ),
        Column(
            name="purpose",
            cell=Cell.TEXT,
            of=Consent,
            field="purpose",
            is_required=True,
            example="marketing",
            meaning="What it is for, like marketing, profiling or research.",
        ),
        Column(
            name="channel",
            cell=Cell.TEXT,
            of=Consent,
            field="channel",
            is_required=True,
            example="email",
            meaning="The channel it is about.",
        ),
        Column(
            name="state",
            cell=Cell.TEXT,
            of=Consent,
            field="state",
            is_required=True,
            rewrite=choice_of(Consent.State, CONSENT_WORDS),
            example="granted",
            meaning="granted, denied (asked, and said no) or revoked (said yes once, and took it back).",
        ),
        Column(
            name="at",
            cell=Cell.TIME,
            of=Consent,
            field="at",
            is_required=True,
            example="2026-03-31 18:30",
            meaning="When they said it. What was said before is kept.",
        ),
        Column(
            name="source",
            cell=Cell.TEXT,
            of=Consent,
            field="source",
            default=lambda options: options.source[:100],
            example="newsletter form",
            meaning="Where they said it. Left out, it is the name of this file.",
        ),
    ),
    parts=(Part(model=Consent, key=("customer_id", "purpose", "channel", "at"), columns=("state", "source")),),
)
