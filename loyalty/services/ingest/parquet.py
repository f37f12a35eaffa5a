"""Parquet as rows, with its own types. How much a batch holds is looked at before it is spread out."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from loyalty.services.ingest.readings import FileTable, Format, check_heading, told_apart
from loyalty.services.ingest.rows import BATCH_ROWS, LINE, FileRefused

PARQUET_MARK = b"PAR1"
DAMAGED = "This Parquet file is damaged or incomplete. Export it again."
TOO_MUCH = "This Parquet file unpacks to more than can be read at once. Export it with smaller row groups."
# Declared by the file itself, for one group of rows; the writers in use make groups of 128 MB.
MOST_GROUP_BYTES = 1 << 30
# A short file can name one long text a million times: what a batch spreads out to is worked out beforehand.
MOST_BATCH_BYTES = 64 << 20
LONGEST_CELL = 1 << 17


def open_parquet(path: Path) -> FileTable:
    file, schema = _open(path)
    check_heading(schema.names)
    _check_types(schema)
    if file.metadata.num_rows == 0:
        raise FileRefused("The file has a heading but no rows.")
    _check_groups(file)
    names = told_apart(schema.names)
    fields = [pa.field(name, _plain(field.type)) for name, field in zip(names, schema, strict=True)]
    typed = frozenset(field.name for field in fields if not pa.types.is_string(field.type))
    out = pa.schema([pa.field(LINE, pa.int64()), *fields])
    return FileTable(
        format=Format.PARQUET,
        heading=tuple(schema.names),
        schema=out,
        batches=_batches(file, out),
        n_rows=file.metadata.num_rows,
        typed=typed,
    )


def _open(path: Path) -> tuple[pq.ParquetFile, pa.Schema]:
    try:
        schema = pq.read_schema(path)
        texts = [field.name for field in schema if _is_text(field.type)]
        # As numbers of a list of different texts, so that a repeated text is there once.
        return pq.ParquetFile(path, read_dictionary=texts), schema
    except (pa.ArrowException, OSError, MemoryError) as error:
        raise FileRefused(DAMAGED) from error


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return pa.string() if _is_text(kind) or pa.types.is_large_binary(kind) else kind


def _check_types(schema: pa.Schema) -> None:
    for field in schema:
        if pa.types.is_nested(field.type):
            raise FileRefused(f"Column “{field.name}” holds {field.type} values. Save it as plain text or numbers.")


def _check_groups(file: pq.ParquetFile) -> None:
    groups = (file.metadata.row_group(number) for number in range(file.metadata.num_row_groups))
    if any(group.total_byte_size > MOST_GROUP_BYTES for group in groups):
        raise FileRefused(TOO_MUCH)


def _batches(file: pq.ParquetFile, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    line = 1
    try:
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            _check_lengths(batch)
            for piece in _pieces(batch):
                columns = [_spread(column, field.type) for column, field in zip(piece, list(schema)[1:], strict=True)]
                lines = pa.array(range(line, line + len(piece)), pa.int64())
                line += len(piece)
                yield pa.record_batch([lines, *columns], schema=schema)
    except (pa.ArrowException, OSError, MemoryError) as error:
        raise FileRefused(DAMAGED) from error


def _check_lengths(batch: pa.RecordBatch) -> None:
    texts = [column.dictionary for column in batch.columns if pa.types.is_dictionary(column.type)]
    if any((pc.max(pc.binary_length(text)).as_py() or 0) > LONGEST_CELL for text in texts):
        raise FileRefused(f"A cell of this file is longer than {LONGEST_CELL:,} characters. Shorten it.")


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The batch, in halves until each is small once its texts are spread out."""
    if len(batch) > 1 and _spread_bytes(batch) > MOST_BATCH_BYTES:
        half = len(batch) // 2
        yield from _pieces(batch.slice(0, half))
        yield from _pieces(batch.slice(half))
    else:
        yield batch


def _spread_bytes(batch: pa.RecordBatch) -> int:
    total = 0
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            lengths = pc.cast(pc.binary_length(column.dictionary), pa.int64())
            total += pc.sum(pc.take(lengths, column.indices)).as_py() or 0
    return total


def _spread(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    return pc.cast(plain, wanted)
