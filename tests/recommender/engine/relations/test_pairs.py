import numpy as np
from scipy.stats import gamma

from recommender.engine.ids import IdMap
from recommender.engine.relations.moves import moves_between, occasions
from recommender.engine.relations.pairs import CustomerCounter, PairCounter, Visits, shrunk_lift


def visits(*lines, products=4):
    """Lines are (customer, basket, product); baskets come in the order of their numbers."""
    customer, basket, product = np.array(lines).T
    return Visits.from_lines(product, customer, basket, basket.astype(float), IdMap(range(products)))


def random_visits(rng, *, n_customers=60, n_baskets=40, n_products=12):
    """Even customers like the first half of the products, odd ones the other; their baskets are filled at random."""
    lines = []
    for customer in range(n_customers):
        liked = (np.arange(n_products) < n_products // 2) == (customer % 2 == 0)
        taste = rng.dirichlet(np.where(liked, 3.0, 0.05))
        for number in range(n_baskets):
            size = rng.integers(1, 6)
            for product in np.unique(rng.choice(n_products, size, p=taste)):
                lines.append((customer, 1000 * customer + number, product))
    return visits(*lines, products=n_products)


def test_a_product_twice_in_a_basket_is_there_once_and_baskets_are_in_order():
    found = visits((7, 2, 0), (7, 2, 0), (7, 1, 1), (3, 5, 2))

    assert found.baskets.toarray().tolist() == [[0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0]]
    assert found.customer_rows.tolist() == [0, 1, 1]


def test_baskets_and_customers_of_pairs_are_counted():
    found = visits((1, 1, 0), (1, 1, 1), (1, 2, 0), (1, 2, 1), (2, 3, 0), (2, 4, 1))

    pair = np.array([0]), np.array([1])
    assert PairCounter(found).together(*pair).tolist() == [2]
    assert CustomerCounter(found).together(*pair).tolist() == [2]
    assert PairCounter(found).met(np.array([0])).toarray().tolist() == [[3, 2, 0, 0]]


def test_what_customers_like_is_no_relation_between_products():
    found = random_visits(np.random.default_rng(1))
    rows, others = np.triu_indices(12, 1)
    together = PairCounter(found).together(rows, others)

    expected = PairCounter(found).expected(rows, others)

    surely_more = shrunk_lift(together, expected, sd=-2.33) > 1
    assert surely_more.mean() < 0.05
    assert 0.7 < together.sum() / expected.sum() < 1.1
    # The same pairs against the usual chance, which knows nothing of customers: tastes look like relations.
    counts = PairCounter(found).n_baskets
    naive = (counts[rows] * counts[others] / len(found)).astype(np.float32)
    assert (shrunk_lift(together, naive, sd=-2.33) > 1).mean() > 0.2


def test_a_lift_is_drawn_to_one_where_little_was_seen():
    seen, expected = np.array([3, 300], np.float32), np.array([1, 100], np.float32)

    lift = shrunk_lift(seen, expected)
    low = shrunk_lift(seen, expected, sd=-2.33)

    assert 1 < lift[0] < 2 < 2.8 < lift[1] < 3
    assert low[0] < 1 < 2.5 < low[1]


def test_the_bound_of_a_lift_is_the_quantile_of_the_gamma_distribution():
    seen, expected = np.array([0, 5, 40, 400], np.float32), np.array([2, 2, 30, 200], np.float32)

    exact = gamma.ppf(0.01, seen + 2) / (expected + 2)

    np.testing.assert_allclose(shrunk_lift(seen, expected, sd=-2.3263), exact, rtol=0.03, atol=0.02)


def test_moves_are_from_one_occasion_of_a_need_to_the_next():
    needs = np.array([0, 0, 0, 1])
    found = visits(
        (1, 1, 0), (1, 1, 3),  # the first time
        (1, 2, 3),  # the need does not arise
        (1, 3, 1),  # moved from 0 to 1
        (1, 4, 1), (1, 4, 2),  # 1 stayed: nothing was left for 2
        (2, 5, 2),  # somebody else
    )  # fmt: skip

    moves = moves_between(occasions(found, needs))

    assert moves.counts.toarray().tolist() == [[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert (moves.left.tolist(), moves.reached.tolist()) == ([1, 0, 0, 0], [0, 1, 0, 0])


def test_products_of_no_known_need_have_no_occasion():
    taken = occasions(visits((1, 1, 0), (1, 2, 1)), np.array([-1, 0, -1, -1]))

    assert len(taken) == 1
    assert moves_between(taken).counts.nnz == 0
