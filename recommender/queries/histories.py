"""What was known of customers at one moment, in the columns of a recommender that was fitted earlier."""

from datetime import datetime
from functools import partial

import pyarrow as pa

from recommender.engine.attributes import Attributes
from recommender.engine.base import Recommender
from recommender.engine.dataset import InteractionMatrix, purchase_log
from recommender.engine.ids import IdMap
from recommender.models import ModelVersion
from recommender.queries.descriptions import customer_traits
from recommender.queries.ratings import said_frame


def known_to(
    fitted: Recommender, version: ModelVersion, frame: pa.Table, *, customers: IdMap, until: datetime
) -> InteractionMatrix:
    """Purchases before `until`, aged as for the training of the version, with their times and who the customers are."""
    products = fitted.products
    matrix = InteractionMatrix.from_frame(
        frame,
        until=until,
        customers=customers,
        products=products,
        half_life_days=version.params.get("half_life_days"),
    )
    said = said_frame(until)
    logged = partial(purchase_log, until=until, customers=customers, products=products)
    described = matrix.described(
        log=logged(frame),
        traits=Attributes.from_frame(customer_traits(), "customer_id", customers),
        ratings=None if said is None else logged(said),
    )
    return described.heard()
