"""Where data sets to measure on come from."""

import numpy as np
import pytest
from django.utils.timezone import now

from loyalty.models import Category, Customer, Order, OrderLine, Product
from recommender.engine.dataset import checked
from recommender.management.shops import SHOPS, DataMissing
from recommender.management.shops.files import ColumnsUnknown, shop_of_file

RATINGS = "user,movie,rating,at\n1,b,5,978300760\n1,a,3,978300761\n2,a,4,978300762\n"


def test_any_shops_ratings_are_purchases_with_times(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text(RATINGS)

    shop = shop_of_file(path, ["user", "movie", "at", "-"], min_customers=1)

    assert shop.name == "ratings"
    assert checked(shop.purchases).num_rows == 3
    assert shop.purchases["product_id"].to_pylist() == [1, 0, 0]
    assert shop.until.isoformat() == "2000-12-31T22:12:42.000001+00:00"


def test_a_column_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text(RATINGS)

    with pytest.raises(ColumnsUnknown, match="no column client"):
        shop_of_file(path, ["client", "movie", "at", "-"], min_customers=1)


def test_the_whole_complete_journey_is_read():
    shop = SHOPS["complete_journey"]()

    assert checked(shop.purchases).num_rows > 1_400_000
    assert np.unique(shop.purchases["customer_id"].to_numpy()).size == 2469
    assert {"product_category", "manufacturer_id", "text"} <= set(shop.products.column_names)
    assert shop.customers.num_rows == 801


def test_a_data_set_that_is_not_here_says_how_to_get_it(monkeypatch):
    monkeypatch.delenv("REAL_DATA_DIR", raising=False)
    with pytest.raises(DataMissing, match="REAL_DATA_DIR"):
        SHOPS["online_retail"]()


@pytest.mark.real_data
def test_online_retail_has_words_for_its_products(real_data_dir):
    shop = SHOPS["online_retail"]()

    assert checked(shop.purchases).num_rows == 397_884 + 40
    assert shop.products.num_rows > 3600


@pytest.mark.django_db
def test_the_database_is_a_shop_like_any_other():
    category = Category.objects.create(path="Food > Tea", name="Tea")
    product = Product.objects.create(
        sku="p", name="Assam", category=category, price="2.50", currency="USD", attributes={"maker": "Own", "kilos": 2}
    )
    customer = Customer.objects.create(external_id="c", name="Ada", age_group="25-34")
    order = Order.objects.create(external_id="o", customer=customer, ordered_at=now(), currency="USD")
    OrderLine.objects.create(order=order, line_number=1, product=product, quantity=2, amount="5.00")

    shop = SHOPS["shop"]()

    assert shop.purchases.select(["quantity", "amount", "weight"]).to_pylist() == [
        {"quantity": 2.0, "amount": 5.0, "weight": 1.0}
    ]
    facts = shop.products.to_pylist()[0]
    assert (facts["category_1"], facts["category_2"], facts["maker"]) == ("Food", "Food > Tea", "Own")
    assert facts["price"] == 2.5
    assert "kilos" not in facts
    assert shop.customers.to_pylist()[0]["age_group"] == "25-34"
    assert "Ada" not in str(shop.customers.to_pylist())


@pytest.mark.django_db
def test_a_database_without_orders_is_no_shop():
    with pytest.raises(DataMissing, match="no orders"):
        SHOPS["shop"]()
