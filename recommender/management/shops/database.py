"""The shop whose data are in the database."""

from datetime import timedelta

from loyalty.queries.orders import data_horizon
from recommender.engine.shop import Shop
from recommender.management.shops.missing import DataMissing
from recommender.queries.descriptions import customer_traits, product_facts, product_keys
from recommender.queries.interactions import shop_purchases


def database() -> Shop:
    horizon = data_horizon()
    if horizon is None:
        raise DataMissing("There are no orders in the database. Import some first, or name another data set.")
    purchases = shop_purchases(horizon + timedelta(microseconds=1))
    return Shop("shop", purchases, product_facts(), customer_traits(), keys=product_keys())
