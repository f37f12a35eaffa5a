"""Opinions leave the database as the engine reads them."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from loyalty.models import Customer, ImplicitRating, Rating, Review
from recommender.engine.dataset import InteractionMatrix, checked, purchase_log
from recommender.models import Recommendation
from recommender.queries.ratings import ratings_frame, said_frame
from tests.recommender.test_newcomers import AT as SHOP_AT
from tests.recommender.test_newcomers import score as score_all
from tests.recommender.test_newcomers import shop, version  # noqa: F401 - fixtures
from tests.rows import make_product

pytestmark = pytest.mark.django_db
AT = datetime(2024, 5, 1, tzinfo=UTC)
LAST = SHOP_AT - timedelta(days=1)


@pytest.fixture
def customer():
    return Customer.objects.create(external_id="c1")


def test_what_is_said_written_or_shown_comes_out_signed(customer):
    product = make_product(1)
    said = {"customer": customer, "product": product, "rated_at": AT, "source": "shop"}
    Rating.objects.create(kind="explicit", value=-0.5, weight=2, **said)
    Review.objects.create(
        customer=customer, product=product, rating=1.0, reviewed_at=AT, source="shop", external_id="r"
    )
    shown = {"customer": customer, "product": product, "decay": 1, "evidence": {}, "rated_at": AT, "definition": "x"}
    ImplicitRating.objects.create(signal="return", value=-0.8, weight=1.5, **shown)

    frame = checked(ratings_frame(AT + timedelta(days=1)))

    np.testing.assert_allclose(sorted(frame["weight"].to_pylist()), [-1.2, -1.0, 1.0], atol=1e-6)


def test_purchases_later_opinions_and_nameless_reviews_stay_out(customer):
    product = make_product(1)
    Rating.objects.create(
        customer=customer, product=product, kind="explicit", value=1, source="shop", rated_at=AT + timedelta(seconds=1)
    )
    Review.objects.create(product=product, rating=1.0, reviewed_at=AT - timedelta(days=1), source="s", external_id="r")
    bought = {"signal": "purchase", "value": 1, "weight": 1, "decay": 1, "evidence": {}, "definition": "x"}
    ImplicitRating.objects.create(customer=customer, product=product, rated_at=AT - timedelta(days=1), **bought)

    assert ratings_frame(AT).num_rows == 0


def test_ratings_go_back_in_time_with_the_purchases(customer):
    product = make_product(1)
    Rating.objects.create(
        customer=customer, product=product, kind="explicit", value=1, source="shop", rated_at=AT - timedelta(days=3)
    )
    frame = ratings_frame(AT)
    matrix = InteractionMatrix.from_frame(frame, until=AT)
    log = purchase_log(frame, until=AT, customers=matrix.customers, products=matrix.products)
    data = matrix.described(log=log, ratings=log)

    assert data.history.ratings.age_days.tolist() == [3.0]
    assert len(data.earlier(2).history[0].ratings.age_days) == 1
    assert len(data.earlier(4).history.ratings.age_days) == 0
    assert len(data.history.without(np.array([0])).ratings.age_days) == 0


def test_what_was_said_is_heard_and_what_was_merely_done_stays_out(customer):
    product = make_product(1)
    said = {"customer": customer, "product": product, "rated_at": AT, "source": "shop"}
    Rating.objects.create(kind="explicit", value=-0.5, weight=2, **said)
    shown = {"customer": customer, "product": product, "decay": 1, "evidence": {}, "rated_at": AT, "definition": "x"}
    ImplicitRating.objects.create(signal="return", value=-0.8, weight=1.5, **shown)
    later = AT + timedelta(days=1)

    assert checked(said_frame(later))["weight"].to_pylist() == [-0.5]
    assert said_frame(later, (customer.pk + 1, customer.pk + 9)) is None
    assert said_frame(AT) is None


def test_a_product_rated_worst_leaves_the_customers_lists_and_no_others(version):  # noqa: F811
    score_all(version)
    best = Recommendation.objects.filter(rank=1).first()
    others = Recommendation.objects.filter(product=best.product).exclude(customer=best.customer).count()
    Rating.objects.create(
        customer=best.customer, product=best.product, kind="explicit", value=-1, source="shop", rated_at=LAST
    )

    score_all(version, at=SHOP_AT + timedelta(hours=1))

    listed = Recommendation.objects.filter(product=best.product)
    assert others == listed.count() > 0
    assert not listed.filter(customer=best.customer).exists()
