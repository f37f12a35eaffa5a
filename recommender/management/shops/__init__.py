"""Data sets that recommenders are measured on, by name. Each is read anew; nothing is kept.

To add one: write a function without arguments that returns a `Shop` in a module here, and name it below.
"""

from collections.abc import Callable

from recommender.engine.shop import Shop
from recommender.management.shops.complete_journey import complete_journey
from recommender.management.shops.database import database
from recommender.management.shops.missing import DataMissing
from recommender.management.shops.online_retail import online_retail

SHOPS: dict[str, Callable[[], Shop]] = {
    "complete_journey": complete_journey,
    "online_retail": online_retail,
    "shop": database,
}

__all__ = ["SHOPS", "DataMissing"]
