"""Where the files of a source may be: allow-listed places only, and no secret in an address.

An address is written by a person and opened by a worker inside the shop's network, so each one is held against the
lists of the settings: which protocols, which local folders, which private machines.
"""

import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, urlsplit

from django.conf import settings

LOCAL = "file"
WEB = ("http", "https")
WITH_HOST = (*WEB, "sftp")
# Parameters by which an address carries a right of its own.
SECRETS = frozenset(
    {
        "access_token", "api_key", "apikey", "auth", "key", "pass", "password", "sig", "signature", "token",
        "x-amz-credential", "x-amz-security-token", "x-amz-signature", "x-goog-credential", "x-goog-signature",
    }
)  # fmt: skip
DEFAULT_PORTS = {"http": 80, "https": 443, "sftp": 22}


class PlaceRefused(Exception):
    """The address may not be looked into, or cannot be; the message says why and what to do."""


@dataclass(frozen=True)
class Place:
    """An address that was found to be allowed, cut into what opens it."""

    protocol: str
    url: str
    host: str = ""


def place_of(url: str) -> Place:
    """Check an address without touching it. Raises PlaceRefused."""
    parts = _split(url)
    protocol = parts.scheme.lower() or LOCAL
    if protocol not in settings.IMPORT_PROTOCOLS:
        allowed = ", ".join(f"{name}://" for name in settings.IMPORT_PROTOCOLS)
        raise PlaceRefused(f"Files cannot be fetched from {protocol}:// here. Allowed are: {allowed}.")
    _refuse_secrets(parts)
    if protocol == LOCAL:
        return Place(LOCAL, str(local_path(parts.path)))
    return Place(protocol, url.strip(), parts.hostname or "" if protocol in WITH_HOST else "")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
        # With two colons fsspec would read on, through one place into another.
        is_readable = "::" not in parts.path + parts.query
    except ValueError:
        is_readable = False
    if not is_readable:
        raise PlaceRefused("This address cannot be read. Write it like s3://bucket/folder or /srv/exports.")
    if not parts.scheme and not parts.path.startswith("/"):
        raise PlaceRefused(
            "Write the whole address, like s3://bucket/folder, https://shop.example.com/orders.csv or /srv/exports."
        )
    if parts.scheme and not parts.netloc and not parts.path.startswith("/"):
        raise PlaceRefused("This address names no folder or bucket. Write it like s3://bucket/folder.")
    return parts


def _refuse_secrets(parts: SplitResult) -> None:
    named = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if parts.password is not None or (parts.username and parts.scheme in WEB) or named & SECRETS:
        raise PlaceRefused(
            "This address holds a password or a key, which would be stored for everybody to read. "
            "Leave it out; your administrator sets it in the environment of the worker."
        )


def local_path(text: str) -> Path:
    """The real folder, links followed, below one of the folders that the administrator opened."""
    roots = [Path(root).resolve() for root in settings.IMPORT_ROOTS]
    if not roots:
        raise PlaceRefused(
            "Folders of this machine are closed to imports. Your administrator opens one by naming it in IMPORT_ROOTS."
        )
    found = Path(text).resolve()
    if not any(found.is_relative_to(root) for root in roots):
        raise PlaceRefused(f"Files are taken only from below {' or '.join(map(str, roots))}. Choose a folder there.")
    return found


def public_addresses(host: str, port: int) -> list[str]:
    """The addresses of a machine, all of them public or the machine allowed by name. Raises PlaceRefused.

    A worker stands inside the shop's network: an address that leads back into it would open what the network guards.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise PlaceRefused(f"There is no machine called {host}. Look for a slip of the pen.") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    private = [address for address in addresses if not _is_public(address)]
    if private and host not in settings.IMPORT_PRIVATE_HOSTS:
        raise PlaceRefused(
            f"{host} is a machine of the inner network, which is closed to imports. "
            "Your administrator opens it by naming it in IMPORT_PRIVATE_HOSTS."
        )
    return addresses


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(parsed, "ipv4_mapped", None) or getattr(parsed, "sixtofour", None) or parsed
    return bool(parsed.is_global and inner.is_global and not parsed.is_multicast)
