"""Online Retail: a year of a British shop for gifts, many of whose customers are resellers (UCI, CC BY 4.0)."""

import os
from pathlib import Path

import pyarrow as pa

from recommender.engine.shop import Shop
from recommender.management.shops.files import COLUMNS, products_file, purchases_file
from recommender.management.shops.missing import DataMissing

FOLDER = "REAL_DATA_DIR"


def online_retail() -> Shop:
    path = Path(os.environ.get(FOLDER, "")) / "online_retail" / "online_retail.csv.gz"
    if not os.environ.get(FOLDER) or not path.exists():
        raise DataMissing(f"Online Retail is not here. Set {FOLDER} to the folder with the public data sets.")
    purchases = purchases_file(path, COLUMNS.split(","), amount="UnitPrice")
    return Shop("online_retail", purchases, _facts(path))


def _facts(path: Path) -> pa.Table:
    """The words of a product; its price changes, so it is left to the order lines."""
    return products_file(path, COLUMNS.split(","), "Description")
