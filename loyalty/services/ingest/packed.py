"""Files that grow when they are opened: how far each may grow is looked at before, or while, it does."""

import gzip
import io
import zipfile
from pathlib import Path
from typing import BinaryIO, cast

from loyalty.services.ingest.rows import FileRefused

GZIP_MARK = b"\x1f\x8b"
ZIP_MARK = b"PK\x03\x04"
# A real file of orders packs ten times, of a single product perhaps fifty; what packs a thousand times is a trap.
LARGEST_RATIO = 200
FREE_BYTES = 64 << 20
MOST_BYTES = 4 << 30
MOST_WORKBOOK_BYTES = 1 << 30
MOST_ENTRIES = 2_000
TOO_MUCH = "This file unpacks to far more than a table of its size holds. Unpack it and upload the table itself."
DAMAGED = "This packed file is damaged or incomplete. Pack it again."


class _Bounded(io.RawIOBase):
    """Unpacks no further than a table of the packed size may reach."""

    def __init__(self, path: Path) -> None:
        self.packed_bytes = path.stat().st_size
        self.file = gzip.open(path, "rb")  # noqa: SIM115 - closed with this one
        self.unpacked_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        try:
            count = self.file.readinto(buffer)
        except (EOFError, OSError, gzip.BadGzipFile, ValueError) as error:
            raise FileRefused(DAMAGED) from error
        except Exception as error:  # zlib.error has no better base
            raise FileRefused(DAMAGED) from error
        self.unpacked_bytes += count
        limit = min(MOST_BYTES, max(FREE_BYTES, LARGEST_RATIO * self.packed_bytes))
        if self.unpacked_bytes > limit:
            raise FileRefused(TOO_MUCH)
        return count

    def close(self) -> None:
        self.file.close()
        super().close()


def open_bytes(path: Path) -> BinaryIO:
    """The bytes of a file, unpacked where it is a .gz."""
    with path.open("rb") as file:
        is_packed = file.read(2) == GZIP_MARK
    if not is_packed:
        return path.open("rb")
    return cast("BinaryIO", io.BufferedReader(_Bounded(path), 1 << 18))


def check_zip(path: Path) -> None:
    """Refuse a workbook that is a trap. Looks at the directory only; nothing is unpacked."""
    try:
        with zipfile.ZipFile(path) as packed:
            entries = packed.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise FileRefused("This workbook is damaged or incomplete. Save it again.") from error
    unpacked = sum(entry.file_size for entry in entries)
    limit = min(MOST_WORKBOOK_BYTES, max(FREE_BYTES, LARGEST_RATIO * path.stat().st_size))
    if len(entries) > MOST_ENTRIES or unpacked > limit:
        raise FileRefused(TOO_MUCH)
