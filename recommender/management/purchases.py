"""Purchases of another shop, out of its file, for measuring on data that are not in the database."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from recommender.engine.dataset import FRAME_SCHEMA

TIME_FORMATS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


class ColumnsUnknown(Exception):
    """The file has other columns than were named."""


def purchases_file(path: Path, columns: Sequence[str]) -> pa.Table:
    """Interactions of a CSV file (or .csv.gz). `columns` name customer, product, time and quantity.

    Lines without a customer and lines that bring something back are left out. Keys become numbers in their order.
    """
    text = {name: pa.string() for name in columns}
    with pa.input_stream(str(path), compression="detect") as stream:
        table = pacsv.read_csv(stream, convert_options=pacsv.ConvertOptions(column_types=text))
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise ColumnsUnknown(f"{path.name} has no column {missing[0]}. It has {', '.join(table.column_names)}.")
    customer, product, moment, quantity = (table[name] for name in columns)
    bought = pc.and_(pc.not_equal(customer, ""), pc.greater(pc.cast(quantity, pa.float64()), 0))
    return pa.table(
        [
            _numbered(customer.filter(bought)),
            _numbered(product.filter(bought)),
            pa.array(np.ones(pc.sum(bought).as_py()), pa.float32()),
            _moments(moment.filter(bought)),
        ],
        schema=FRAME_SCHEMA,
    )


def _numbered(keys: pa.ChunkedArray) -> pa.Array:
    _, numbers = np.unique(keys.to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    return pa.array(numbers, pa.int64())


def _moments(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    for pattern in TIME_FORMATS:
        found = pc.strptime(texts, pattern, "us", error_is_null=True)
        if not found.null_count:
            return pc.assume_timezone(found, "UTC")
    raise ColumnsUnknown(f"The times are not written like one of: {', '.join(TIME_FORMATS)}.")
