import numpy as np

from campaigns.engine.taste_ends import ends


def test_the_planted_shelves_are_at_the_ends_and_one_odd_product_is_not():
    rng = np.random.default_rng(1)
    shelves = ["Dairy"] * 30 + ["Pets"] * 30 + ["Bread"] * 30 + ["Odd"]
    places = rng.normal(0, 0.1, (91, 2))
    places[:30, 0] += 1
    places[30:60, 0] -= 1
    places[60:90, 1] += 1
    places[90] = 3

    found = ends(places, shelves)

    assert found[0] == ("Dairy", "Pets")
    assert found[1][0] == "Bread"


def test_where_nothing_is_known_there_are_no_ends():
    assert ends(np.ones((4, 2)), ["", "", "Dairy", ""]) == []


def test_a_shelf_names_one_end_only_while_others_are_there():
    places = np.repeat(np.array([[2.0, 2.0], [-2.0, -2.0], [1.0, 1.0], [-1.0, -1.0]]), 20, axis=0)
    shelves = [name for name in ("Dairy", "Pets", "Bread", "Wine") for _ in range(20)]

    assert ends(places, shelves) == [("Dairy", "Pets"), ("Bread", "Wine")]
