"""A forecast of a new product is kept as it was made, and what came of it stands beside it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db import DatabaseError, transaction

from campaigns.engine.launches.totals import LaunchEffect
from campaigns.models import LaunchEntry, LaunchOutcome, NewProduct
from campaigns.models.intervals import ForecastIsFinal
from campaigns.queries.launch_ledger import known_launches, launch_board
from campaigns.services.launch_learning import CODE_VERSION, learn_from_launches
from campaigns.services.launch_ledger import FEWEST_KNOWN, effect_as_kept, join_launch_outcomes
from campaigns.services.launches import simulate_new_product
from loyalty.models import Category, Customer, Order, OrderLine, Product
from loyalty.queries.orders import data_horizon
from loyalty.services.progress import QuietProgress
from tests.campaigns.launch_shop import open_launch_shop

AT = datetime(2025, 2, 1, tzinfo=UTC)
OUTCOME_DAYS = timedelta(days=56)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _artefacts(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path


@pytest.fixture
def last():
    return open_launch_shop()


def tried(sku="brandnew"):
    product = NewProduct.objects.create(
        name="Odd thing", category=Category.objects.get(path="Shop > left"), brand="odd", price=Decimal("4.50"),
        currency="USD", sku=sku, created_at=AT,
    )  # fmt: skip
    return simulate_new_product(product=product, at=AT, seed=3, report=QuietProgress())


def sell(customers, ordered_at, sku="brandnew"):
    product, _ = Product.objects.get_or_create(sku=sku, defaults={"name": sku, "currency": "USD", "brand": "odd"})
    for customer in customers:
        order = Order.objects.create(
            external_id=f"more{Order.objects.count()}", customer=customer, ordered_at=ordered_at, currency="USD"
        )
        OrderLine.objects.create(order=order, line_number=1, product=product, quantity=1, amount=2)


def learn():
    return learn_from_launches(as_of=data_horizon(), at=AT, report=QuietProgress())


def test_a_forecast_is_kept_as_it_was_made_and_nothing_changes_it(last):
    simulation = tried()

    entry = LaunchEntry.objects.get(is_replayed=False)
    told = simulation.forecasts.get(metric="buyers")
    assert (entry.low_90, entry.mid, entry.high_90) == (told.low_90, told.mid, told.high_90)
    assert (entry.sku, entry.as_of, entry.outcome_days) == ("brandnew", simulation.as_of, 56)
    with pytest.raises(ForecastIsFinal):
        entry.save()
    for change in (lambda: LaunchEntry.objects.update(mid=1), lambda: LaunchEntry.objects.filter(pk=entry.pk).delete()):
        with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
            change()


def test_what_came_of_it_is_joined_when_its_weeks_are_over(last):
    tried()
    buyers = list(Customer.objects.order_by("pk")[:4])
    sell(buyers[:3], last + timedelta(days=5))
    join_launch_outcomes()
    so_far = LaunchOutcome.objects.get(entry__is_replayed=False)

    sell(buyers[3:], last + timedelta(days=70))
    join_launch_outcomes()
    over = LaunchOutcome.objects.get(entry__is_replayed=False)

    assert (so_far.n_buyers, so_far.is_complete) == (3, False)
    # The fourth came later than the eight weeks that count.
    assert (over.n_buyers, over.is_complete) == (3, True)
    assert 0 <= over.place <= 1
    assert launch_board("in_time").n == 1


def test_past_launches_fill_it_once_each_known_only_what_was_over_before(last):
    learn()

    entries = LaunchEntry.objects.filter(is_replayed=True)
    n = entries.count()
    assert n >= 20
    assert n == LaunchOutcome.objects.filter(is_complete=True).count() == launch_board("replayed").n
    first = Order.objects.earliest("ordered_at").ordered_at
    # Before the first there are launches enough whose eight weeks are over, after 13 weeks in which all may be old.
    assert entries.earliest("as_of").as_of >= first + timedelta(days=91 + 56 - 1)
    for entry in entries.select_related("product", "outcome")[:10]:
        sold = entry.product.order_lines.filter(order__ordered_at__lt=entry.as_of + OUTCOME_DAYS)
        assert entry.outcome.n_buyers == sold.values("order__customer").distinct().count()

    sell(Customer.objects.all()[:1], last + timedelta(days=1), "p0")
    learn()
    kept = LaunchEntry.objects.filter(pk__in=entries.values("pk"))
    assert entries.values("product").distinct().count() == entries.count() >= n
    assert kept.count() >= n


def test_what_was_forecast_in_time_goes_before_what_is_replayed(last):
    tried()
    sell(Customer.objects.order_by("pk")[:3], last + timedelta(days=5))
    sell(Customer.objects.order_by("pk")[:1], last + timedelta(days=75), "p0")
    learn()

    known = known_launches(code_version=CODE_VERSION, as_of=data_horizon())

    made = LaunchEntry.objects.get(is_replayed=False)
    assert (made.expected, 3) in known
    assert len(known) == LaunchEntry.objects.filter(outcome__is_complete=True).values("sku").distinct().count()


def test_how_far_launches_stray_is_learnt_from_what_is_kept():
    otherwise, rng = LaunchEffect(1.0, 1.0, 0), np.random.default_rng(0)

    def keep(number):
        n_buyers = int(rng.poisson(2 * 20 * rng.gamma(4) / 4))
        entry = LaunchEntry.objects.create(
            name="x", sku=f"s{number}", code_version="1", is_replayed=False, as_of=AT, made_at=AT, outcome_days=56,
            expected=20.0, factor=1, size=1, effect_launches=0, usual=5, naive_low_90=1, naive_high_90=2, mid=20,
            mean=20, **{f"{end}_{level}": 20 for end in ("low", "high") for level in (50, 80, 90, 95)},
        )  # fmt: skip
        LaunchOutcome.objects.create(
            entry=entry, n_buyers=n_buyers, first_sold_at=AT, observed_until=AT, is_complete=True, place=0.5
        )

    for number in range(FEWEST_KNOWN - 1):
        keep(number)
    assert effect_as_kept(code_version="1", as_of=AT, otherwise=otherwise) == otherwise
    for number in range(FEWEST_KNOWN, 4 * FEWEST_KNOWN):
        keep(number)
    learnt = effect_as_kept(code_version="1", as_of=AT, otherwise=otherwise)

    assert learnt.factor == pytest.approx(2.0, rel=0.15)
    assert learnt.size_at(np.array([20.0])) == pytest.approx([4.0], rel=0.3)
    assert effect_as_kept(code_version="1", as_of=AT - timedelta(days=1), otherwise=otherwise) == otherwise
