from datetime import timedelta

import pytest

from loyalty.engine.ratings import Signal
from loyalty.models import Category, Customer, ImplicitRating, Interaction, Order, OrderLine, Product, RatingSetting
from loyalty.queries.orders import data_horizon
from loyalty.queries.signals import slices
from loyalty.services.progress import JobCancelled, QuietProgress
from loyalty.services.ratings import derive_ratings, set_half_life
from loyalty.services.silence import look_for_silence
from tests.loyalty.silent_shop import open_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna():
    return Customer.objects.create(external_id="anna")


@pytest.fixture
def teas():
    shelf = Category.objects.create(path="Tea", name="Tea")
    return [Product.objects.create(sku=f"tea{n}", currency="USD", category=shelf) for n in range(3)]


def buy(customer, product, at, quantity=1, reverses=None):
    order = Order.objects.create(
        external_id=f"o{Order.objects.count()}", customer=customer, ordered_at=at, currency="USD", reverses=reverses
    )
    OrderLine.objects.create(order=order, line_number=1, product=product, quantity=quantity, amount=2 * quantity)
    return order


def tell(customer, kind, product, at, session="s1"):
    number = Interaction.objects.count()
    return Interaction.objects.create(
        customer=customer, type=kind, occurred_at=at, source="web", event_id=f"e{number}", product=product,
        session=session,
    )  # fmt: skip


def derive(at, as_of=None):
    return derive_ratings(as_of=as_of or at, at=at, report=QuietProgress())


def ratings():
    return {(one.signal, one.product.sku): one for one in ImplicitRating.objects.select_related("product")}


def test_purchases_are_for_and_more_of_them_surer(at, anna, teas):
    buy(anna, teas[0], at - timedelta(days=5))
    last = [buy(anna, teas[1], at - timedelta(days=day)) for day in (30, 20, 10)][-1]

    derive(at)

    once, again = ratings()[Signal.PURCHASE, "tea0"], ratings()[Signal.REPEAT_PURCHASE, "tea1"]
    assert once.value == again.value == 1.0
    assert 1 < once.weight < again.weight
    assert again.evidence["orders"] == 3
    assert again.evidence["order_ids"][0] == last.pk
    assert again.evidence["last_on"] == str((at - timedelta(days=10)).date())
    assert again.rated_at == last.ordered_at


def test_a_half_life_makes_old_signs_say_less(at, anna, teas):
    buy(anna, teas[0], at - timedelta(days=100))
    derive(at)
    plain = ratings()[Signal.PURCHASE, "tea0"]
    assert plain.decay == 1.0

    set_half_life(100)
    derive(at)

    decayed = ratings()[Signal.PURCHASE, "tea0"]
    assert decayed.decay == pytest.approx(0.5)
    assert decayed.weight < plain.weight
    assert decayed.definition != plain.definition
    assert RatingSetting.objects.get().derived_definition == decayed.definition


def test_a_return_is_against_and_cancels_the_purchase(at, anna, teas):
    order = buy(anna, teas[0], at - timedelta(days=9))
    back = buy(anna, teas[0], at - timedelta(days=5), quantity=-1, reverses=order)

    derive(at)

    assert set(ratings()) == {(Signal.RETURN, "tea0")}
    returned = ratings()[Signal.RETURN, "tea0"]
    assert returned.value < 0
    assert returned.evidence["order_ids"] == [back.pk]


def test_a_return_that_names_no_order_takes_the_newest_back(at, anna, teas):
    for day in (20, 10):
        buy(anna, teas[0], at - timedelta(days=day))
    buy(anna, teas[0], at - timedelta(days=5), quantity=-1)

    derive(at)

    assert ratings()[Signal.PURCHASE, "tea0"].evidence["first_on"] == str((at - timedelta(days=20)).date())


def test_the_one_picked_is_liked_and_the_ones_passed_over_slightly_not(at, anna, teas):
    began = at - timedelta(days=3)
    for number, tea in enumerate(teas):
        tell(anna, "Product Viewed", tea, began + timedelta(minutes=number))
    buy(anna, teas[1], began + timedelta(minutes=10))

    derive(at)

    assert ratings()[Signal.PICKED, "tea1"].value == 1.0
    for sku in ("tea0", "tea2"):
        assert -0.2 < ratings()[Signal.PASSED_OVER, sku].value < 0
    assert (Signal.PASSED_OVER, "tea1") not in ratings()


def test_whatever_was_bought_later_was_not_passed_over(at, anna, teas):
    began = at - timedelta(days=30)
    for tea in teas[:2]:
        tell(anna, "Product Viewed", tea, began)
    buy(anna, teas[0], began + timedelta(minutes=10))
    buy(anna, teas[1], at - timedelta(days=3))

    derive(at)

    assert (Signal.PASSED_OVER, "tea1") not in ratings()


def test_taken_out_of_the_basket_is_against_unless_bought_afterwards(at, anna, teas):
    for tea in teas[:2]:
        tell(anna, "Product Removed", tea, at - timedelta(days=4))
    buy(anna, teas[1], at - timedelta(days=3))

    derive(at)

    assert ratings()[Signal.CART_REMOVAL, "tea0"].value < 0
    assert (Signal.CART_REMOVAL, "tea1") not in ratings()


def test_nothing_from_the_moment_on_enters(at, anna, teas):
    buy(anna, teas[0], at - timedelta(seconds=1))
    derive(at)
    before = list(ImplicitRating.objects.values())

    # A future row of every source.
    buy(anna, teas[0], at)
    buy(anna, teas[1], at + timedelta(days=1), quantity=-1)
    tell(anna, "Product Removed", teas[2], at)
    tell(anna, "Product Viewed", teas[2], at + timedelta(minutes=1))
    derive(at)
    assert list(ImplicitRating.objects.values()) == before

    # And the same rows do change it once they are past.
    derive(at, as_of=at + timedelta(days=2))
    assert list(ImplicitRating.objects.values()) != before


def test_the_same_events_give_the_same_rows(at, anna, teas):
    for tea in teas:
        buy(anna, tea, at - timedelta(days=3))
    first = derive(at)
    rows = list(ImplicitRating.objects.order_by("pk").values())

    again = derive(at)

    assert (first["n_changed"], again["n_changed"]) == (3, 0)
    assert list(ImplicitRating.objects.order_by("pk").values()) == rows


def test_what_is_no_longer_so_goes(at, anna, teas):
    buy(anna, teas[0], at - timedelta(days=3))
    gone = buy(anna, teas[1], at - timedelta(days=3))
    derive(at)
    gone.lines.all().delete()

    derive(at)

    assert set(ratings()) == {(Signal.PURCHASE, "tea0")}


def test_stopping_leaves_the_old_ratings_whole(at, anna, teas):
    buy(anna, teas[0], at - timedelta(days=3))
    derive(at)
    buy(anna, teas[1], at - timedelta(days=2))

    class Stopped(QuietProgress):
        def __call__(self, done, total, message=""):
            if done:
                raise JobCancelled("Stopped.")

    with pytest.raises(JobCancelled):
        derive_ratings(as_of=at, at=at, report=Stopped())

    assert set(ratings()) == {(Signal.PURCHASE, "tea0")}


def test_a_silence_is_against_what_was_new_in_the_last_basket(at):
    bad = open_shop()
    horizon = data_horizon()
    look_for_silence(as_of=horizon, at=at, report=QuietProgress())

    derive(at, as_of=horizon)

    against = ImplicitRating.objects.filter(signal=Signal.SILENCE)
    blamed = against.filter(product=bad)
    assert blamed.count() > 5
    assert all(one.value < -0.5 for one in blamed)
    assert blamed[0].evidence["gap_days"] > blamed[0].evidence["allowed_gap_days"]
    others = against.exclude(product=bad)
    assert others.exists()
    assert all(-0.3 < one.value < 0 for one in others)


def test_silences_seen_later_are_not_read(at):
    open_shop()
    horizon = data_horizon()
    look_for_silence(as_of=horizon, at=at, report=QuietProgress())

    derive(at, as_of=horizon - timedelta(days=60))

    assert not ImplicitRating.objects.filter(signal=Signal.SILENCE).exists()


def test_all_customers_are_in_exactly_one_slice(at, anna, monkeypatch):
    monkeypatch.setattr("loyalty.queries.signals.ORDERS_A_SLICE", 2)
    tea = Product.objects.create(sku="tea", currency="USD")
    people = [Customer.objects.create(external_id=f"p{n}") for n in range(5)]
    for person in people:
        buy(person, tea, at - timedelta(days=1))

    parts = slices(at)

    assert len(parts) == 3
    for person in [*people, anna]:
        assert sum(part.after < person.pk <= part.until for part in parts) == 1
    assert derive(at)["n_ratings"] == 5


def test_nobody_bought_anything(at):
    assert derive(at) == {"n_ratings": 0, "n_changed": 0, "by_signal": {}}
