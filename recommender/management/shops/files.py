"""Purchases of another shop, out of its file, for measuring on data that are not in the database."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from recommender.engine.dataset import FRAME_SCHEMA
from recommender.engine.shop import Shop

TIME_FORMATS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d")
COLUMNS = "CustomerID,StockCode,InvoiceDate,Quantity"
# Where a file has no quantities: every line is one.
NO_COLUMN = "-"


class ColumnsUnknown(Exception):
    """The file has other columns than were named."""


def shop_of_file(path: Path, columns: Sequence[str], *, min_customers: int) -> Shop:
    """A shop that is known by its purchases alone. Raises ColumnsUnknown."""
    return Shop(path.name.split(".")[0], purchases_file(path, columns), min_customers=min_customers)


def purchases_file(path: Path, columns: Sequence[str], *, amount: str | None = None) -> pa.Table:
    """Interactions of a CSV file (or .csv.gz). `columns` name customer, product, time and quantity (`-`: none).

    Lines without a customer and lines that bring something back are left out. Keys become numbers in their order.
    `amount` names the price of a piece, if money is wanted.
    """
    wanted = [name for name in (*columns, amount) if name and name != NO_COLUMN]
    table = _read(path, wanted)
    customer, product, moment = (table[name] for name in columns[:3])
    quantity = _numbers(table, columns[3])
    bought = pc.and_(pc.not_equal(customer, ""), pc.greater(quantity, 0))
    rows = pa.table(
        [
            _numbered(customer).filter(bought),
            _numbered(product).filter(bought),
            pa.array(np.ones(pc.sum(bought).as_py()), pa.float32()),
            _moments(moment.filter(bought)),
        ],
        schema=FRAME_SCHEMA,
    ).append_column("quantity", quantity.filter(bought))
    if amount is None:
        return rows
    return rows.append_column("amount", pc.multiply(quantity, _numbers(table, amount)).filter(bought))


def products_file(path: Path, columns: Sequence[str], text: str) -> pa.Table:
    """The words of every product of the same file, under the same numbers."""
    table = _read(path, [columns[1], text])
    keys = _numbered(table[columns[1]])
    rows = pa.table({"product_id": keys, "text": table[text]}).filter(pc.not_equal(table[text], ""))
    first = rows.group_by("product_id", use_threads=False).aggregate([("text", "first")])
    return first.rename_columns({"text_first": "text"})


def _read(path: Path, wanted: Sequence[str]) -> pa.Table:
    text = {name: pa.string() for name in wanted}
    with pa.input_stream(str(path), compression="detect") as stream:
        table = pacsv.read_csv(stream, convert_options=pacsv.ConvertOptions(column_types=text))
    missing = [name for name in wanted if name not in table.column_names]
    if missing:
        raise ColumnsUnknown(f"{path.name} has no column {missing[0]}. It has {', '.join(table.column_names)}.")
    return table


def _numbers(table: pa.Table, name: str) -> pa.ChunkedArray:
    if name == NO_COLUMN:
        return pa.chunked_array([np.ones(table.num_rows)])
    return pc.cast(table[name], pa.float64())


def _numbered(keys: pa.ChunkedArray) -> pa.Array:
    _, numbers = np.unique(keys.to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    return pa.array(numbers, pa.int64())


def _moments(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    if pc.all(pc.match_substring_regex(texts, r"^\d{9,10}$")).as_py():
        seconds = pc.cast(texts, pa.int64())
        return pc.assume_timezone(pc.cast(pc.cast(seconds, pa.timestamp("s")), pa.timestamp("us")), "UTC")
    for pattern in TIME_FORMATS:
        found = pc.strptime(texts, pattern, "us", error_is_null=True)
        if not found.null_count:
            return pc.assume_timezone(found, "UTC")
    raise ColumnsUnknown(f"The times are not written like one of: {', '.join(TIME_FORMATS)}, or seconds since 1970.")
