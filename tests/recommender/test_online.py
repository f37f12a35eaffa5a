"""One customer's list: where it comes from, what is left out and why, what stands in, and what it says."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from loyalty.models import Category, Consent, Customer, Order, OrderLine, Product
from loyalty.queries.marks import customer_stamps
from recommender import registry
from recommender.engine.neighbours import ItemNeighbours
from recommender.models import ModelVersion, ProductRelation, ScoringRun
from recommender.models.placements import PLACEMENTS
from recommender.services.online import served_recommendations
from recommender.services.questions import NoSuchPlacement
from recommender.services.rulings import block_product, pin_product
from recommender.services.stock import replace_what_is_out
from tests.rows import make_shortlist, make_version

pytestmark = pytest.mark.django_db
AT = datetime(2024, 7, 1, tzinfo=UTC)
NAMES = ["tea", "sugar", "milk", "sofa", "lamp", "rug", "jam", "bread"]


@pytest.fixture(autouse=True)
def artefact_dir(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"


@pytest.fixture
def products(db):
    shelf = Category.objects.create(path="Shelf", name="Shelf")
    return [Product.objects.create(sku=name, name=name.title(), category=shelf, currency="USD") for name in NAMES]


@pytest.fixture
def version(products):
    """In use, and it knows: tea goes with sugar, a sofa is bought once."""
    ids = np.array([one.pk for one in products])
    n = len(ids)
    neighbours = np.full((n, 2), -1, dtype=np.int32)
    similarity = np.zeros((n, 2), dtype=np.float16)
    neighbours[0, 0], similarity[0, 0] = 1, 0.9
    rate = np.full(n, 0.5, dtype=np.float32)
    rate[NAMES.index("sofa")] = 0.01
    share = np.linspace(0.9, 0.1, n).astype(np.float32)
    folder, sha256 = registry.keep_neighbours(ItemNeighbours(ids, neighbours, similarity, share, rate))
    made = make_version(1, alias="champion")
    files = {"neighbours": folder, "neighbours_sha256": sha256}
    ScoringRun.objects.create(key=f"run {made.pk}", model_version=made, as_of=AT, begun_at=AT, **files)
    return made


@pytest.fixture
def customer(db):
    return Customer.objects.create(external_id="c0")


@pytest.fixture
def shortlist(version, products, customer):
    """All products in their order, tea bought three times, jam because of tea."""
    because = [-1] * 6 + [products[0].pk, -1]
    times = {"times_bought": [3] + [0] * 7, "last_bought_on": [AT.date() - timedelta(days=9)] + [None] * 7}
    fresh = {"stamp": _stamp(customer), "done_with_ids": [], "because_ids": because}
    return make_shortlist(customer, version, products, **times, **fresh)


def _stamp(customer):
    """As a worker reads it before it scores: that of a customer who did something."""
    buy(customer, Product.objects.get(sku="tea"), days=9)
    return customer_stamps(customer.pk, customer.pk)[customer.pk]


def buy(customer, product, days=1):
    order = Order.objects.create(
        external_id=f"o{Order.objects.count()}", customer=customer, ordered_at=AT - timedelta(days=days), currency="USD"
    )
    return OrderLine.objects.create(order=order, line_number=1, product=product, quantity=1, amount=1)


def skus(served):
    return [one.product.sku for one in served.items]


def reasons(served):
    return {one.product.sku: one.reason for one in served.items}


def test_the_stored_list_is_served_in_its_order_with_reasons(shortlist, customer):
    served = served_recommendations(customer, "product_page", AT)

    assert skus(served) == NAMES
    assert (served.source, served.version.id) == ("shortlist", shortlist.model_version_id)
    told = reasons(served)
    assert told["tea"] == "Bought 3 times, last on 22 June 2024."
    assert told["jam"] == "Goes with “Tea”, which was bought before."
    assert told["sofa"] == "New to this customer; 56% of all customers have bought it."
    assert sum(served.left_out.values()) == 0


def test_an_order_that_came_since_is_seen_at_once(shortlist, customer, products):
    buy(customer, products[NAMES.index("sofa")])
    buy(customer, products[NAMES.index("bread")])

    served = served_recommendations(customer, "product_page", AT)

    assert "sofa" not in skus(served)  # hardly anybody buys a second one
    assert served.left_out["bought_and_not_bought_again"] == 1
    assert reasons(served)["bread"] == "Bought once on 30 June 2024."


def test_what_is_being_looked_at_brings_its_neighbours_and_stays_out_itself(shortlist, customer):
    served = served_recommendations(customer, "basket", AT, session=["lamp", "nonsense", "tea"])

    assert skus(served)[0] == "sugar"
    assert reasons(served)["sugar"] == "Goes with “Tea”, which is being looked at."
    assert not {"tea", "lamp"} & set(skus(served))
    assert served.left_out["in_session"] == 2


def test_without_the_named_product_in_the_session_the_place_is_lower(shortlist, customer):
    with_it = skus(served_recommendations(customer, "product_page", AT, session=["tea"]))
    without = skus(served_recommendations(customer, "product_page", AT))

    assert with_it.index("sugar") < without.index("sugar")


def test_what_is_out_of_stock_gives_its_place_to_its_substitute_and_comes_back(shortlist, customer, products):
    coffee = Product.objects.create(sku="coffee", name="Coffee", currency="USD")
    learnt = make_version(2, purpose="product_relation", alias="champion")
    ProductRelation.objects.create(
        product=products[0], other=coffee, kind="substitute", score=0.9, model_version=learnt, evidence={}
    )
    Product.objects.filter(sku__in=["tea", "milk"]).update(stock=0)

    served = served_recommendations(customer, "product_page", AT)
    assert skus(served)[0] == "coffee"
    assert served.items[0].reason == "Takes the place of “Tea”, which is out of stock."
    assert served.items[0].in_place_of.sku == "tea"
    assert "milk" not in skus(served)
    assert served.left_out["out_of_stock"] == 2

    Product.objects.filter(sku="tea").update(stock=5)
    assert skus(served_recommendations(customer, "product_page", AT))[0] == "tea"


def test_what_stands_in_is_taken_from_the_log_unless_that_is_out_itself(shortlist, customer, products):
    coffee, cocoa = (Product.objects.create(sku=sku, name=sku, currency="USD") for sku in ("coffee", "cocoa"))
    learnt = make_version(2, purpose="product_relation", alias="champion")
    for other, score in ((coffee, 0.9), (cocoa, 0.5)):
        ProductRelation.objects.create(
            product=products[0], other=other, kind="substitute", score=score, model_version=learnt, evidence={}
        )
    Product.objects.filter(sku="tea").update(stock=0)
    replace_what_is_out(AT)
    assert skus(served_recommendations(customer, "product_page", AT))[0] == "coffee"

    Product.objects.filter(sku="coffee").update(stock=0)  # and the log does not know it yet
    assert skus(served_recommendations(customer, "product_page", AT))[0] == "cocoa"


def test_where_the_first_may_not_be_shown_those_further_down_are(shortlist, customer, products):
    Product.objects.filter(sku__in=NAMES[:6]).update(stock=0)

    assert skus(served_recommendations(customer, "product_page", AT, k=1)) == ["jam"]


@pytest.mark.parametrize("state", ["denied", "revoked"])
def test_who_refused_is_shown_nothing_and_why(shortlist, customer, state):
    Consent.objects.create(customer=customer, purpose="marketing", channel="email", state=state, source="x", at=AT)

    served = served_recommendations(customer, "email", AT + timedelta(days=1))

    assert served.items == ()
    assert served.note == "The customer refused marketing by email."
    assert served_recommendations(customer, "home", AT + timedelta(days=1)).items
    assert served_recommendations(customer, "email", AT - timedelta(days=1)).items


def test_a_refusal_that_holds_from_later_on_ends_the_list_then(shortlist, customer):
    later = AT + timedelta(minutes=3)
    Consent.objects.create(
        customer=customer, purpose="marketing", channel="email", state="denied", source="x", at=later
    )

    assert served_recommendations(customer, "email", AT).holds_until == later


def test_marketers_pin_and_block(shortlist, customer, products, marketer):
    pin_product(product=products[7], placement="home", reason="", by=marketer, at=AT)
    block_product(product=products[0], reason="Recalled.", by=marketer, at=AT)

    served = served_recommendations(customer, "home", AT)

    assert skus(served)[0] == "bread"
    assert served.items[0].reason == "Chosen by the shop for this place."
    assert skus(served).count("bread") == 1
    assert "tea" not in skus(served)
    assert served.left_out["blocked"] == 1
    assert skus(served_recommendations(customer, "product_page", AT))[0] == "sugar"


def test_one_category_does_not_take_every_place(shortlist, customer, products):
    others = Category.objects.create(path="Other", name="Other")
    Product.objects.filter(sku__in=["rug", "jam", "bread"]).update(category=others)

    served = served_recommendations(customer, "home", AT, k=4)

    assert PLACEMENTS["home"].per_category == 3
    assert skus(served) == ["tea", "sugar", "milk", "rug"]
    assert served.left_out["too_many_of_a_category"] == 1


def test_who_has_no_list_yet_is_served_by_what_they_bought(version, products):
    newcomer = Customer.objects.create(external_id="new")
    buy(newcomer, products[0])

    served = served_recommendations(newcomer, "product_page", AT)

    assert (served.source, served.version) == ("neighbours", None)
    assert skus(served)[0] == "sugar"
    assert reasons(served)["sugar"] == "Goes with “Tea”, which was bought before."


def test_of_whom_nothing_is_known_is_shown_what_most_buy(version):
    stranger = Customer.objects.create(external_id="new")

    served = served_recommendations(stranger, "product_page", AT)

    assert served.source == "popularity"
    assert skus(served)[:2] == ["tea", "sugar"]
    assert reasons(served)["tea"] == "New to this customer; 90% of all customers have bought it."


def test_while_the_new_version_has_no_list_the_one_before_serves(shortlist, customer):
    ModelVersion.objects.update(alias="")
    newer = make_version(3, alias="champion")

    served = served_recommendations(customer, "home", AT)

    assert served.source == "shortlist"
    assert served.version.id == shortlist.model_version_id != newer.pk


def test_damaged_tables_fail_no_request(shortlist, customer, settings):
    ScoringRun.objects.update(neighbours_sha256="0" * 64)

    assert skus(served_recommendations(customer, "product_page", AT, session=["tea"]))[0] == "sugar"


def test_nothing_learnt_is_an_empty_list_that_says_so(customer):
    served = served_recommendations(customer, "home", AT)

    assert (served.items, served.source) == ((), "nothing")
    assert served.note == "Nothing is left that could be shown."


def test_a_product_that_is_gone_is_passed_over(shortlist, customer):
    OrderLine.objects.all().delete()
    Product.objects.get(sku="sugar").delete()

    served = served_recommendations(customer, "product_page", AT)

    assert "sugar" not in skus(served)
    assert served.left_out["no_longer_sold"] == 1


def test_a_place_that_does_not_exist_is_told_with_those_that_do(customer):
    with pytest.raises(NoSuchPlacement, match="Choose from: home, product_page, basket, email"):
        served_recommendations(customer, "roof", AT)


def test_a_list_takes_the_same_few_questions_however_long_it_is(shortlist, customer, django_assert_num_queries):
    served_recommendations(customer, "home", AT)
    for k in (2, 8):
        with django_assert_num_queries(3):
            served_recommendations(customer, "home", AT, k=k)
