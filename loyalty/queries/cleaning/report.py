"""What the checks found, in numbers: how many, what it changes in the sums."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count

from loyalty.models import CleanedValue, Customer, DataFlag
from loyalty.queries.cleaning.lines import line_sums, told_sums

Check = DataFlag.Check
# What is not guessed: who asks for a cleaned value gets the word “unknown”, and the empty cell itself is the flag.
UNKNOWN = "unknown"
DEMOGRAPHICS = ("age_group", "gender", "income_band", "household_type", "household_size", "location")
OF_LINES = """
SELECT coalesce(sum(l.amount), 0)::float8 FROM loyalty_dataflag f JOIN loyalty_orderline l ON l.id = f.record_id
WHERE f.check_name = 'repeated-line'
"""
OF_ORDERS = """
SELECT coalesce(sum(l.amount), 0)::float8 FROM loyalty_dataflag f JOIN loyalty_orderline l ON l.order_id = f.record_id
WHERE f.check_name = 'repeated-order'
"""


@dataclass(frozen=True)
class Totals:
    """Pieces and money of all lines, and of what are no pieces (weights, litres) and no products (postage, fees)."""

    units: float
    amount: float
    measured_units: float
    non_product_units: float
    non_product_amount: float


def cleaning_numbers(totals: Totals, *, as_of: datetime) -> dict[str, Any]:
    """What goes into a report; read after the findings were put in place."""
    checks = dict(DataFlag.objects.values_list("check_name").annotate(n=Count("pk")).order_by())
    values = CleanedValue.objects.values("table", "field", "method").annotate(n=Count("pk"))
    return {
        "n_flags": sum(checks.values()),
        "n_values": CleanedValue.objects.count(),
        "checks": {check.value: checks.get(check.value, 0) for check in Check},
        "lines": told_sums(line_sums(as_of=as_of)),
        "values": list(values.order_by("table", "field", "-n")),
        "unknown": [
            {"table": "customer", "field": name, "n": Customer.objects.filter(**{name: ""}).count()}
            for name in DEMOGRAPHICS
        ],
        "totals": {
            "units": totals.units,
            "pieces": totals.units - totals.measured_units - totals.non_product_units,
            "amount": round(totals.amount, 2),
            "product_amount": round(totals.amount - totals.non_product_amount, 2),
            "repeated_amount": round(_scalar(OF_LINES) + _scalar(OF_ORDERS), 2),
        },
    }


def _scalar(sql: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return float(cursor.fetchone()[0])
