import numpy as np
import pytest

from campaigns.engine.audience.fairness import FEWEST, Trait, equalise, flagged, shares_by

# 100 young of whom 50 are chosen, 100 old of whom 10 are, 100 of unknown age of whom 45 are, 5 of another kind.
LABELS = np.repeat(["young", "old", "", "few"], [100, 100, 100, 5])
CHOSEN = np.concatenate([np.arange(100) < n for n in (50, 10, 45)] + [np.zeros(5, dtype=bool)])
SCORES = np.where(LABELS == "young", 0.4, 0.1)


def test_a_group_below_four_fifths_of_the_best_is_flagged_and_no_other():
    groups = {group.value: group for group in shares_by(Trait.of(LABELS), CHOSEN, SCORES)}

    assert [group.value for group in flagged(list(groups.values()))] == ["old"]
    assert groups["old"].ratio == pytest.approx(0.2)
    assert groups["old"].low < 0.1 < groups["old"].high
    assert groups["young"].mean_score == pytest.approx(0.4)


def test_unknown_is_a_group_of_its_own_and_stands_last():
    groups = shares_by(Trait.of(LABELS), CHOSEN, SCORES)

    assert groups[-1].value == ""
    assert (groups[-1].n, groups[-1].n_chosen) == (100, 45)


def test_a_handful_of_people_neither_fails_nor_sets_the_measure():
    labels = np.repeat(["many", "few"], [200, FEWEST - 1])
    all_of_the_few = np.concatenate([np.arange(200) < 100, np.ones(FEWEST - 1, dtype=bool)])

    many, few = shares_by(Trait.of(labels), all_of_the_few, np.ones(len(labels)))

    assert few.ratio is None
    assert (many.ratio, many.is_flagged) == (1.0, False)


def test_equal_shares_keep_the_size_and_cost_what_is_given_up():
    labels = np.repeat(["a", "b"], 50)
    worth = np.where(labels == "a", 2.0, 1.0) + np.linspace(0.5, 0.0, 100)
    order = np.argsort(-worth, kind="stable")

    fair = equalise(worth, Trait.of(labels), 40, order)

    assert len(fair.rows) == 40
    assert (labels[fair.rows] == "a").sum() == 20
    assert fair.rows[:20].tolist() == list(range(20))
    assert fair.cost == pytest.approx(worth[:40].sum() - worth[fair.rows].sum())
    assert fair.cost > 0


def test_equality_is_free_where_all_are_alike():
    labels = np.tile(["a", "b"], 30)
    worth = np.ones(60)

    fair = equalise(worth, Trait.of(labels), 10, np.arange(60))

    assert fair.rows.tolist() == list(range(10))
    assert fair.cost == 0


def test_whole_people_add_up_to_what_was_asked():
    labels = np.repeat(["a", "b", "c"], [7, 7, 6])

    fair = equalise(np.arange(20.0), Trait.of(labels), 11, np.arange(20)[::-1])

    assert len(fair.rows) == 11
