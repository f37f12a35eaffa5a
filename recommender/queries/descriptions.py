"""What products are and who customers are, as the engine wants them: labels, numbers and words."""

from typing import Any

import pyarrow as pa

from loyalty.models import Customer, Product

# Category levels that are told apart; deeper ones belong to the last.
LEVELS = 3
# Digits that fit into 64 bits.
LONGEST_NUMBER = 18


def product_facts() -> pa.Table:
    """Every product with its category by level, brand, price, text attributes and words."""
    rows = Product.objects.values_list("pk", "category__path", "brand", "price", "name", "text", "attributes")
    ids, columns = [], _Columns()
    for number, (pk, path, brand, price, name, text, attributes) in enumerate(rows.iterator(chunk_size=5000)):
        ids.append(pk)
        steps = (path or "").split(" > ")
        for level in range(LEVELS):
            columns.put(number, f"category_{level + 1}", " > ".join(steps[: level + 1]) if path else "")
        columns.put(number, "brand", brand)
        columns.put(number, "price", None if price is None else float(price))
        columns.put(number, "text", f"{name} {text}".strip())
        columns.put_all(number, attributes)
    return columns.table("product_id", ids)


def product_keys() -> dict[int, int] | None:
    """The shop's own article numbers, where all are numbers: what came later has the higher one in many shops."""
    skus = dict(Product.objects.values_list("pk", "sku").iterator(chunk_size=5000))
    if not all(sku.isascii() and sku.isdigit() and len(sku) <= LONGEST_NUMBER for sku in skus.values()):
        return None
    return {pk: int(sku) for pk, sku in skus.items()}


def customer_traits(customers: tuple[int, int] | None = None) -> pa.Table:
    """Every customer with the demographics the shop knows; nothing that names a person.

    Only those with keys from the first to the last of `customers`, where given.
    """
    names = ("age_group", "income_band", "household_type", "household_size")
    chosen = Customer.objects.all() if customers is None else Customer.objects.filter(pk__range=customers)
    rows = chosen.values_list("pk", *names, "attributes")
    ids, columns = [], _Columns()
    for number, (pk, *values, attributes) in enumerate(rows.iterator(chunk_size=5000)):
        ids.append(pk)
        for name, value in zip(names, values, strict=True):
            columns.put(number, name, "" if value is None else str(value))
        columns.put_all(number, attributes)
    return columns.table("customer_id", ids)


class _Columns:
    """Sparse columns: an attribute that one row has is empty in all others."""

    def __init__(self) -> None:
        self.values: dict[str, dict[int, Any]] = {}

    def put(self, number: int, name: str, value: Any) -> None:
        self.values.setdefault(name, {})[number] = value

    def put_all(self, number: int, attributes: dict[str, Any]) -> None:
        for name, value in attributes.items():
            if isinstance(value, str) and name not in ("text", "price"):
                self.put(number, name, value)

    def table(self, key: str, ids: list[int]) -> pa.Table:
        columns = {key: pa.array(ids, pa.int64())}
        for name, cells in self.values.items():
            kind = pa.float32() if name == "price" else pa.string()
            columns[name] = pa.array([cells.get(number) for number in range(len(ids))], kind)
        return pa.table(columns)
