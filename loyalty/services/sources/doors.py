"""What a place holds, and its bytes: folders and buckets through fsspec, one address of the web by ourselves."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import fsspec
import structlog
from django.conf import settings

from loyalty.services.ingest import FileRefused
from loyalty.services.sources.places import LOCAL, WEB, WITH_HOST, Place, PlaceRefused, local_path, public_addresses
from loyalty.services.sources.web import WebDoor

log = structlog.get_logger(__name__)
MOST_FILES = 10_000
CHUNK_BYTES = 1 << 20
WEB_STARTS = tuple(f"{name}://" for name in WEB)
SFTP_PORT = 22
# What the drivers call their mark of a content, the surest first.
MARKS = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "updated", "modified", "created")


@dataclass(frozen=True)
class Found:
    """A file of a place as it is now. `mark` changes with its content; empty where the place has none."""

    path: str
    size: int
    mark: str

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


class Door(Protocol):
    url: str

    def files(self, pattern: str) -> Iterable[Mapping[str, Any]]:
        """Name, size and whatever else the place tells of each file that the pattern means."""

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        """The bytes of one file."""


class FolderDoor:
    """A folder or bucket behind one of fsspec's drivers. Credentials are the driver's, from the environment."""

    def __init__(self, place: Place) -> None:
        self.place, self.url = place, place.url
        if place.protocol in WITH_HOST:
            public_addresses(place.host, SFTP_PORT)
        # Nothing is remembered between two looks: a listing of before would hide what came since.
        self.files_of, self.root = fsspec.core.url_to_fs(
            place.url if place.protocol != LOCAL else f"file://{place.url}",
            use_listings_cache=False,
            skip_instance_cache=True,
        )

    def files(self, pattern: str) -> Iterable[Mapping[str, Any]]:
        if not self.files_of.exists(self.root):
            raise FileNotFoundError(self.root)
        found = self.files_of.glob(f"{self.root.rstrip('/')}/{pattern}", detail=True)
        return [{**info, "name": path} for path, info in found.items() if info["type"] == "file"]

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        if self.place.protocol == LOCAL:
            # A link may lead out of the folder that was opened.
            local_path(path)
        opened: AbstractContextManager[BinaryIO] = self.files_of.open(path, "rb")
        return opened


def door_of(place: Place) -> Door:
    """Raises PlaceRefused where there is no driver for the place, or the place does not answer."""
    if place.protocol in WEB:
        return WebDoor(place)
    try:
        with _reaching(place.url):
            return FolderDoor(place)
    except ImportError as error:
        raise PlaceRefused(
            f"The driver for {place.protocol}:// is not installed here. Your administrator installs it: for s3:// "
            "with the optional part “buckets”, for other places as the manual of fsspec says."
        ) from error


@contextmanager
def _reaching(url: str) -> Iterator[None]:
    """Whatever a driver raises becomes a sentence: each has exceptions of its own."""
    try:
        yield
    except (PlaceRefused, FileRefused, ImportError):
        raise
    except FileNotFoundError as error:
        raise PlaceRefused(f"There is nothing at {url}. Correct the address, or put the files there.") from error
    except PermissionError as error:
        raise PlaceRefused(f"Rehearsal may not read {url}. Your administrator can allow it.") from error
    except Exception as error:
        log.warning("source.not_reached", url=url, exc_info=True)
        raise PlaceRefused(f"{url} could not be read just now. The next visit tries it again.") from error


def look(door: Door, pattern: str) -> list[Found]:
    """The files that the pattern means, by name. Raises PlaceRefused."""
    with _reaching(door.url):
        found = [Found(str(info["name"]), int(info.get("size") or 0), _mark(info)) for info in door.files(pattern)]
    if len(found) > MOST_FILES:
        raise PlaceRefused(f"More than {MOST_FILES:,} files are meant. Narrow the pattern, or clear the folder out.")
    return sorted(found, key=lambda file: file.path)


def _mark(info: Mapping[str, Any]) -> str:
    return next((str(info[name])[:200] for name in MARKS if info.get(name)), "")


def fetch(door: Door, found: Found, into: Path) -> str:
    """Copy the bytes; return their SHA-256. Raises FileRefused for what is too large."""
    with _reaching(door.url), door.open(found.path) as remote:
        return _copy(remote, into, settings.MAX_UPLOAD_BYTES)


def fetch_url(url: str, into: Path) -> str:
    """Copy a file that somebody at this machine's own command line names: any place that fsspec knows, of any size."""
    with _reaching(url):
        try:
            opened = WebDoor(Place("", url)).open(url) if url.startswith(WEB_STARTS) else fsspec.open(url, "rb")
            with opened as remote:
                return _copy(remote, into, None)
        except ImportError as error:
            raise PlaceRefused(f"{url} needs a driver that is not installed: {error}.") from error


def _copy(remote: BinaryIO, into: Path, most_bytes: int | None) -> str:
    digest, size = hashlib.sha256(), 0
    into.parent.mkdir(parents=True, exist_ok=True)
    with into.open("wb") as kept:
        while chunk := remote.read(CHUNK_BYTES):
            size += len(chunk)
            if most_bytes is not None and size > most_bytes:
                raise FileRefused(f"The file is larger than {most_bytes // CHUNK_BYTES} MB. Cut it into smaller files.")
            digest.update(chunk)
            kept.write(chunk)
    return digest.hexdigest()
