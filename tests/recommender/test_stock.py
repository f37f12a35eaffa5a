from datetime import timedelta

import pytest
from django.conf import settings

from loyalty.models import Customer, Product
from recommender.models import ModelVersion, ProductRelation, Recommendation, StockReplacement
from recommender.queries.stock import Served, in_stock_list, in_stock_lists
from recommender.queries.substitutes import best_substitutes, ranked_substitutes
from recommender.services.rulings import block_product, rule_relation
from recommender.services.stock import replace_what_is_out
from recommender.tasks import replace_what_is_out_task
from tests.rows import AT, bearer, make_product, make_report, make_silences, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def version():
    return make_version(0, alias="champion", purpose="product_relation")


@pytest.fixture
def shelf(version):
    """Product 0 with the substitutes 1 (best) and 2, and 3, that is only bought in the same company."""
    products = [make_product(number) for number in range(5)]
    for number, (kind, score) in enumerate([("substitute", 0.9), ("substitute", 0.5), ("similar", 0.99)], start=1):
        ProductRelation.objects.create(
            product=products[0], other=products[number], kind=kind, score=score, model_version=version,
            evidence={"orders": number},
        )  # fmt: skip
    return products


def set_stock(product, stock):
    Product.objects.filter(pk=product.pk).update(stock=stock)


def keys(products):
    return [one.pk for one in products]


def rule(shelf, number, verdict, kind="substitute", person=None):
    return rule_relation(product=shelf[0], other=shelf[number], kind=kind, verdict=verdict, reason="", by=person, at=AT)


@pytest.mark.parametrize("stock", [None, 1])
def test_what_is_there_is_served_as_it_is(shelf, stock, django_assert_num_queries):
    set_stock(shelf[0], stock)

    with django_assert_num_queries(1):
        assert in_stock_list(keys(shelf)) == [Served(one) for one in keys(shelf)]


@pytest.mark.parametrize("stock", [0, -2])
def test_what_is_out_gives_its_place_to_the_best_substitute(shelf, stock):
    set_stock(shelf[0], stock)

    assert in_stock_list([shelf[4].pk, shelf[0].pk]) == [Served(shelf[4].pk), Served(shelf[1].pk, shelf[0].pk)]


def test_a_restock_reverses_it(shelf):
    set_stock(shelf[0], 0)
    assert in_stock_list([shelf[0].pk]) != [Served(shelf[0].pk)]
    set_stock(shelf[0], 3)

    assert in_stock_list([shelf[0].pk]) == [Served(shelf[0].pk)]


def test_a_substitute_that_the_list_holds_already_is_not_brought_in_again(shelf):
    set_stock(shelf[0], 0)

    assert in_stock_list([shelf[0].pk, shelf[1].pk]) == [Served(shelf[2].pk, shelf[0].pk), Served(shelf[1].pk)]


def test_two_that_are_out_do_not_bring_in_the_same_one(shelf, version):
    ProductRelation.objects.create(product=shelf[4], other=shelf[1], kind="substitute", score=1, model_version=version)
    set_stock(shelf[0], 0)
    set_stock(shelf[4], 0)

    assert in_stock_list([shelf[4].pk, shelf[0].pk]) == [
        Served(shelf[1].pk, shelf[4].pk),
        Served(shelf[2].pk, shelf[0].pk),
    ]


def test_where_nothing_can_take_its_place_the_list_grows_shorter(shelf):
    set_stock(shelf[4], 0)

    assert in_stock_list([shelf[4].pk, shelf[3].pk]) == [Served(shelf[3].pk)]


def test_substitutes_that_are_out_themselves_are_passed_over(shelf):
    for number in (0, 1, 2):
        set_stock(shelf[number], 0)

    assert in_stock_list([shelf[0].pk]) == [Served(shelf[3].pk, shelf[0].pk)]


def test_many_lists_take_two_queries(shelf, django_assert_num_queries):
    set_stock(shelf[0], 0)

    with django_assert_num_queries(2):
        served = in_stock_lists(
            {number: [shelf[0].pk, shelf[4].pk] for number in range(20)}, unwanted={3: [shelf[1].pk]}
        )

    assert served[0][0] == Served(shelf[1].pk, shelf[0].pk)
    assert served[3][0] == Served(shelf[2].pk, shelf[0].pk)


def test_a_blocked_relation_never_replaces_under_either_name(shelf, marketer):
    set_stock(shelf[0], 0)
    rule(shelf, 1, "blocked", kind="similar")

    assert in_stock_list([shelf[0].pk]) == [Served(shelf[2].pk, shelf[0].pk)]


def test_a_pinned_relation_comes_first_though_nothing_was_learnt(shelf, marketer):
    set_stock(shelf[0], 0)
    rule(shelf, 4, "pinned", person=marketer)

    assert in_stock_list([shelf[0].pk]) == [Served(shelf[4].pk, shelf[0].pk)]


def test_rulings_survive_learning_again(shelf, version):
    rule(shelf, 1, "blocked")
    rule(shelf, 4, "pinned")
    ProductRelation.objects.all().delete()
    ProductRelation.objects.create(product=shelf[0], other=shelf[1], kind="substitute", score=1, model_version=version)

    assert [one.product_id for one in ranked_substitutes([shelf[0].pk])[shelf[0].pk]] == [shelf[4].pk]


def test_a_product_blocked_everywhere_is_in_no_list_and_replaces_nothing(shelf, marketer):
    set_stock(shelf[0], 0)
    block_product(product=shelf[1], reason="Recalled.", by=marketer, at=AT)

    assert in_stock_list([shelf[1].pk, shelf[0].pk]) == [Served(shelf[2].pk, shelf[0].pk)]


def test_what_is_blocked_and_out_gets_no_substitute(shelf, marketer):
    set_stock(shelf[0], 0)
    block_product(product=shelf[0], reason="", by=marketer, at=AT)

    assert in_stock_list([shelf[0].pk]) == []


def test_what_loses_customers_replaces_nothing(shelf):

    make_silences(make_report(), Customer.objects.create(external_id="c"), shelf[1])

    assert best_substitutes([shelf[0].pk]) == {shelf[0].pk: shelf[2]}


def test_what_a_version_that_does_not_serve_learnt_replaces_nothing(shelf, version):
    ModelVersion.objects.filter(pk=version.pk).update(alias="")

    assert ranked_substitutes([shelf[0].pk]) == {}


def test_the_log_tells_from_when_until_when(shelf):
    set_stock(shelf[0], 0)
    replace_what_is_out(AT)
    replace_what_is_out(AT + timedelta(seconds=30))
    set_stock(shelf[0], 5)
    replace_what_is_out(AT + timedelta(seconds=60))

    entry = StockReplacement.objects.get()
    assert (entry.product, entry.substitute, entry.kind) == (shelf[0], shelf[1], "substitute")
    assert (entry.since, entry.until) == (AT, AT + timedelta(seconds=60))
    assert entry.evidence == {"orders": 1}


def test_a_worker_writes_the_log_well_within_a_minute(shelf):
    planned = settings.CELERY_BEAT_SCHEDULE["replace-what-is-out"]
    set_stock(shelf[0], 0)

    replace_what_is_out_task()

    assert (planned["task"], planned["schedule"] <= 30) == (replace_what_is_out_task.name, True)
    assert StockReplacement.objects.get().substitute == shelf[1]


def test_a_substitute_that_runs_out_hands_over_to_the_next(shelf):
    set_stock(shelf[0], 0)
    replace_what_is_out(AT)
    set_stock(shelf[1], 0)
    later = AT + timedelta(minutes=5)

    assert replace_what_is_out(later).n_ended == 1

    open_now = StockReplacement.objects.get(product=shelf[0], until=None)
    assert (open_now.substitute, open_now.out_since, open_now.since) == (shelf[2], AT, later)


def test_the_log_says_so_when_nothing_stands_in(shelf):
    set_stock(shelf[4], 0)
    replace_what_is_out(AT)

    assert StockReplacement.objects.get().substitute is None


def test_the_log_costs_the_same_for_many_products(shelf, django_assert_max_num_queries):
    replaced = [make_product(number) for number in range(10, 30)]
    Product.objects.filter(pk__in=keys(replaced)).update(stock=0)
    replace_what_is_out(AT)
    Product.objects.filter(pk__in=keys(replaced[:9])).update(stock=1)
    set_stock(shelf[0], 0)

    with django_assert_max_num_queries(8):
        replace_what_is_out(AT + timedelta(seconds=30))


def recommend(version, customer, *products):
    for rank, product in enumerate(products, start=1):
        Recommendation.objects.create(
            customer=customer, product=product, model_version=version, rank=rank, score=1, reason="x", made_at=AT
        )


def listed(client, marketer):
    rows = client.get("/api/v1/recommendations", headers={"authorization": bearer(marketer)}).json()["results"]
    return [(row["customer"], row["sku"], row["in_place_of"]) for row in rows]


def test_the_api_lists_what_may_be_shown_at_this_moment(client, marketer, shelf):
    serving = make_version(1, alias="champion")
    one, other = (Customer.objects.create(external_id=name) for name in ("one", "other"))
    recommend(serving, one, shelf[0], shelf[1], shelf[4])
    recommend(serving, other, shelf[0])
    assert len(listed(client, marketer)) == 4
    set_stock(shelf[0], 0)
    set_stock(shelf[4], 0)

    # The first customer's list holds the best substitute already.
    assert listed(client, marketer) == [("one", "p2", "p0"), ("one", "p1", None), ("other", "p1", "p0")]
