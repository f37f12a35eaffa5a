"""Computed features kept in files, each named by what it is of: definitions, moment, version of the data.

Nothing is ever out of date: other data have another name. A file that is damaged is computed again.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import structlog
from django.conf import settings

from loyalty.engine.features import Feature, FeatureFrame

log = structlog.get_logger(__name__)
DIGEST_BYTES = 32
FEATURES = b"features"


def remembered(name: str, make: Callable[[], FeatureFrame], *, is_still: Callable[[], bool]) -> FeatureFrame:
    """The frame kept under `name`, or a new one, kept if the data did not move while it was made."""
    found = _read(_path(name))
    if found is not None:
        return found
    frame = make()
    if is_still():
        _write(_path(name), frame)
        sweep()
    return frame


def _path(name: str) -> Path:
    return folder() / f"{name}.arrow"


def folder() -> Path:
    return Path(settings.VAR_DIR) / "features"


def _read(path: Path) -> FeatureFrame | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    digest, body = data[:DIGEST_BYTES], data[DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != digest:
        log.warning("features.damaged", file=path.name)
        return None
    # What was read last is swept last.
    os.utime(path)
    table = pa.ipc.open_file(pa.BufferReader(body)).read_all()
    told = json.loads(table.schema.metadata[FEATURES])
    return FeatureFrame(tuple(Feature(**one) for one in told), table.replace_schema_metadata(None))


def _write(path: Path, frame: FeatureFrame) -> None:
    told = json.dumps([asdict(feature) for feature in frame.features]).encode()
    table = frame.table.replace_schema_metadata({FEATURES: told})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    body = sink.getvalue().to_pybytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written beside and moved into place: nobody reads half a file.
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        file.write(hashlib.sha256(body).digest() + body)
    os.replace(file.name, path)


def sweep() -> None:
    """Remove what was read longest ago until what is left fits into the limit."""
    room = settings.FEATURE_CACHE_BYTES
    for path in sorted(folder().glob("*.*"), key=_last_read, reverse=True):
        try:
            room -= path.stat().st_size
            if room < 0:
                path.unlink(missing_ok=True)
        except FileNotFoundError:
            continue  # another process swept it


def _last_read(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
