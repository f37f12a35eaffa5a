from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from campaigns.queries.tastes import N_DIRECTIONS, taste_ends, tastes, version
from loyalty.models import Category, Customer, Order, Product
from loyalty.services.progress import QuietProgress
from recommender import registry
from recommender.engine.base import Artefact
from segments.queries.choices import vector_choices
from segments.queries.vectors import vector_sources, vector_words
from tests.rows import make_order, make_product

pytestmark = pytest.mark.django_db
AS_OF = datetime(2024, 7, 1, tzinfo=UTC)


@pytest.fixture
def relations(settings, tmp_path, at):
    """Two kinds of products that point in two ways."""
    settings.ARTEFACT_DIR = tmp_path
    products = [make_product(number) for number in range(4)]
    arrays = {
        "product_ids": np.array(sorted(one.pk for one in products)),
        "vectors": np.array([[1.0, 0.1], [1.0, 0.0], [0.0, 1.0], [0.1, 1.0]], dtype=np.float32),
        "baskets": np.ones(4, dtype=np.int64),
    }
    facts = registry.VersionFacts(
        purpose="product_relation", label="Relations", is_baseline=True, data_until=at, data_fingerprint="f", seed=0,
        fit_seconds=1.0, trained_at=at,
    )  # fmt: skip
    registry.promote(registry.publish(Artefact("prod2vec", {}, arrays), facts, report=QuietProgress()))
    return products


def test_without_relations_there_is_no_taste_to_choose():
    assert (version(), vector_choices()) == ("", [])


def test_who_buys_alike_is_alike_and_what_is_unknown_or_later_is_no_taste(relations):
    customers = [Customer.objects.create(external_id=f"c{number}") for number in range(4)]
    for number, (customer, product) in enumerate(zip(customers, (0, 1, 3, 2), strict=True)):
        order = make_order(number, customer, relations[product])
        Order.objects.filter(pk=order.pk).update(ordered_at=AS_OF - timedelta(days=5 if number < 3 else -1))

    found = tastes(np.array([one.pk for one in customers]), AS_OF)

    assert vector_choices() == [("taste", "Taste in products")]
    assert found.shape == (4, N_DIRECTIONS)
    assert np.linalg.norm(found[0] - found[1]) < 0.2 < np.linalg.norm(found[0] - found[2])
    assert np.isnan(found[3]).all()


def test_directions_are_called_by_what_lies_at_their_ends(relations):
    for number, product in enumerate(relations):
        path = ("Food > Dairy > Milk", "Food > Dairy > Cheese", "Home > Pets > Dogs", "Home > Pets > Cats")[number]
        product.category = Category.objects.create(path=path, name=path.split(" > ")[-1])
        product.save()

    words = vector_words(vector_sources(["taste"]))

    assert set(taste_ends()[0]) == {"Dairy", "Pets"}
    assert words[0].label in {"Taste for Dairy over Pets", "Taste for Pets over Dairy"}
    assert {words[0].high, words[0].low} == {"who like Dairy more than Pets", "who like Pets more than Dairy"}


def test_in_a_shop_without_categories_products_are_at_the_ends(relations):
    Product.objects.update(category=None)

    assert set(taste_ends()[0]) <= {one.name for one in relations}
