"""A new product tried on a shop in which the brand decides."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from campaigns.models import NewProduct, NewProductForecast, NewProductSimulation
from campaigns.models.intervals import ForecastIsFinal
from campaigns.queries.new_products import actual_buyers
from campaigns.services.first_buyers import segment_of_first_buyers
from campaigns.services.launches import NothingSold, simulate_new_product
from campaigns.services.new_products import NewProductPlan, new_product_problems, start_new_product
from loyalty.models import Category, Customer, Order, OrderLine, Product
from loyalty.services.progress import QuietProgress
from segments.models import SegmentMembership
from tests.campaigns.launch_shop import open_launch_shop
from tests.rows import fill, make_audience, make_new_product_simulation

AT = datetime(2025, 2, 1, tzinfo=UTC)


def new_product(**values):
    category = Category.objects.get_or_create(path="Shop > left", defaults={"name": "left"})[0]
    given = {"name": "Odd thing", "category": category, "brand": "odd", "price": Decimal("4.50"), "currency": "USD"}
    return NewProduct.objects.create(**{**given, "created_at": AT, **values})


def tried(product, seed=3):
    return simulate_new_product(product=product, at=AT, seed=seed, report=QuietProgress())


@pytest.mark.django_db
def test_a_new_product_is_forecast_for_the_fans_of_its_brand():
    open_launch_shop()

    simulation = tried(new_product())

    by_metric = {forecast.metric: forecast for forecast in simulation.forecasts.all()}
    buyers, units, revenue = (by_metric[name] for name in ("buyers", "units", "revenue"))
    assert 0 <= buyers.low_90 <= buyers.mid <= buyers.high_90 <= 60
    assert buyers.high_90 - buyers.low_90 >= buyers.naive_high_90 - buyers.naive_low_90 - 1
    assert units.mean == pytest.approx(2 * buyers.mean, rel=0.5)
    assert revenue.mean == pytest.approx(4.5 * units.mean)
    assert (revenue.basis, revenue.currency, buyers.currency) == ("assumption", "USD", "")
    first = simulation.audience.members.order_by("position")[:20]
    fans = [int(member.customer.external_id[1:]) % 2 for member in first]
    assert sum(fans) == 20
    assert "“odd”" in first[0].reason
    assert first[0].score_low <= first[0].score <= first[0].score_high
    assert simulation.evidence["outside"] == []
    assert simulation.curves["weeks"]["mid"][-1] == pytest.approx(1.0)
    stake = simulation.curves["takes_from"]["products"]
    assert {Product.objects.get(pk=row["product_id"]).category.name for row in stake} == {"left"}


@pytest.mark.django_db
def test_the_same_seed_gives_the_same_numbers_and_an_unknown_brand_wider_ones():
    open_launch_shop()

    one, again = (tried(new_product()).forecasts.get(metric="buyers") for _ in range(2))
    unknown = tried(new_product(brand="never heard of"))

    assert (one.low_90, one.mid, one.high_90) == (again.low_90, again.mid, again.high_90)
    assert unknown.evidence["outside"] == ["No product of this brand was sold before."]
    assert unknown.evidence["effect"]["size"] < tried(new_product()).evidence["effect"]["size"]


@pytest.mark.django_db
def test_an_empty_shop_is_told_what_is_missing():
    with pytest.raises(NothingSold, match="Import some first"):
        tried(new_product())


@pytest.mark.django_db
def test_once_it_is_sold_its_buyers_stand_beside_the_forecast():
    fill(1)
    simulation = make_new_product_simulation(7, make_audience(7))
    product = Product.objects.create(sku="new7", name="New 7", currency="USD")
    for number in range(3):
        customer = Customer.objects.create(external_id=f"b{number}")
        for again in range(2):
            order = Order.objects.create(
                external_id=f"n{number}-{again}",
                customer=customer,
                ordered_at=simulation.as_of + timedelta(days=5 + 30 * number + again),
                currency="USD",
            )
            OrderLine.objects.create(order=order, line_number=1, product=product, quantity=1, amount=2)

    actual = actual_buyers([simulation])[simulation.pk]

    # The third came 60 days after the first sale: later than the eight weeks that count.
    assert (actual.n_buyers, actual.is_complete) == (2, True)


@pytest.mark.django_db
def test_a_product_sold_before_it_was_tried_says_nothing_of_the_forecast():
    fill(1)
    simulation = make_new_product_simulation(7, make_audience(7))
    product = Product.objects.create(sku="new7", name="New 7", currency="USD")
    customer = Customer.objects.create(external_id="b0")
    order = Order.objects.create(
        external_id="n0", customer=customer, ordered_at=simulation.as_of - timedelta(days=1), currency="USD"
    )
    OrderLine.objects.create(order=order, line_number=1, product=product, quantity=1, amount=2)

    assert actual_buyers([simulation]) == {}


@pytest.mark.django_db
def test_a_forecast_is_never_changed():
    fill(1)
    forecast = NewProductForecast.objects.first()

    with pytest.raises(ForecastIsFinal):
        forecast.save()
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        NewProductForecast.objects.update(mid=1.0)


@pytest.mark.django_db
def test_the_first_buyers_become_a_segment_once():
    customers = [Customer.objects.create(external_id=f"f{number}") for number in range(5)]
    simulation = make_new_product_simulation(7, make_audience(7, *customers))

    segments = [segment_of_first_buyers(simulation=simulation, n=3, at=AT) for _ in range(2)]

    assert segments[0] == segments[1]
    members = SegmentMembership.objects.filter(segment=segments[0]).values_list("customer_id", flat=True)
    assert set(members) == {customer.pk for customer in customers[:3]}
    assert segments[0].frozen_at == AT


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"name": " "}, "name", "Give the product a name"),
        ({"category": ""}, "category", "Choose the category"),
        ({"category": "Nowhere"}, "category", "no such category"),
        ({"price": Decimal(0)}, "price", "above zero"),
        ({"brand": "x" * 101}, "brand", "within 100 letters"),
        ({"attributes": {"": "x"}}, "attributes", "name: value"),
        ({"sku": "p0"}, "sku", "has been sold already"),
    ],
)
def test_a_plan_that_cannot_be_taken_is_answered_with_a_sentence(wrong, field, sentence):
    fill(1)
    Category.objects.get_or_create(path="Shop > left", defaults={"name": "left"})
    good = {"name": "Thing", "category": "Shop > left", "price": Decimal("2.50"), "currency": "USD"}

    assert not new_product_problems(NewProductPlan(**good))
    (problem,) = new_product_problems(NewProductPlan(**{**good, **wrong}))
    assert problem.field == field
    assert sentence in problem.sentence


@pytest.mark.django_db
def test_a_job_done_twice_writes_once(marketer):
    open_launch_shop()
    plan = NewProductPlan(name="Thing", category="Shop > left", price=Decimal("2.50"), currency="USD", brand="odd")
    job = start_new_product(plan=plan, by=marketer, at=AT)
    report = QuietProgress()
    report.job_id = job.pk

    first, second = (
        simulate_new_product(product=NewProduct.objects.get(), at=AT, seed=3, report=report) for _ in range(2)
    )

    assert first == second
    assert NewProductSimulation.objects.count() == 1
