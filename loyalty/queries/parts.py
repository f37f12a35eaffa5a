"""What the product is made of: its own version, and the parts of others with their licences."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageMetadata, distribution

from django.conf import settings
from django.db import connection

# Packages that people ask about, or whose files the pages send to browsers.
PACKAGES = (
    "Django", "djangorestframework", "celery", "psycopg2-binary", "scikit-learn", "scipy", "numpy", "pyarrow", "jax",
    "optax", "gensim", "plotly", "django-htmx", "drf-spectacular-sidecar",
)  # fmt: skip
# A line of the table in the folder of files copied from others: folder, what, version, licence, changed.
VENDORED = re.compile(r"^\| `([^`]+)` \| ([^|]+?) \| ([^|]+?) \| ([^|]+?) \| [^|]+ \|$", re.MULTILINE)
LONGEST_LICENCE = 60


@dataclass(frozen=True)
class Part:
    """`licence_file` is below the static folder; empty when the licence comes with the package."""

    name: str
    version: str
    licence: str
    licence_file: str = ""


@cache
def own_version() -> str:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    return str(project["version"])


@cache
def vendored_parts() -> tuple[Part, ...]:
    """Files of others that lie in our own static folder, as its README lists them."""
    listed = VENDORED.findall((settings.BASE_DIR / "static" / "vendor" / "README.md").read_text())
    return tuple(
        Part(what.partition(" (")[0].partition(",")[0], version, licence, f"vendor/{folder}/LICENSE")
        for folder, what, version, licence in listed
    )


@cache
def package_parts() -> tuple[Part, ...]:
    found = [(name, distribution(name)) for name in PACKAGES]
    return tuple(Part(name, package.version, _licence(package.metadata)) for name, package in found)


def database_version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0])


def _licence(metadata: PackageMetadata) -> str:
    """As the package tells it, in one of the three places where packages do."""
    told = metadata.json
    listed = [line.rpartition(" :: ")[2] for line in told.get("classifier", ()) if line.startswith("License ::")]
    found = [told.get("license_expression"), *listed[:1], told.get("license")]
    licence = next((str(one) for one in found if one), "see the package")
    return licence.splitlines()[0][:LONGEST_LICENCE]
