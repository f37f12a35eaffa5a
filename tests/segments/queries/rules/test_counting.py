import threading
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection, connections

from loyalty.models import Customer
from loyalty.services.sales import add_up_sales
from segments.engine.rules.tree import Comparison, Events, Every, Value
from segments.queries.rules import counting
from segments.queries.rules.compiling import Moment, Question
from segments.queries.rules.counting import CountStopped, RuleTooCostly, check_cost, count_members, estimate
from tests.conftest import wait_until
from tests.loyalty.features.world import CLOSED, buy, make_product

pytestmark = pytest.mark.django_db(transaction=True)
MOMENT = Moment(CLOSED, CLOSED)
TWICE = Every((Events("bought", counts=(("times", Comparison("at_least", (2,))),)),))
DEAR = Every((*TWICE.parts, Value("feature", "spend_all", Comparison("at_least", (1,)))))


@pytest.fixture(autouse=True)
def shop() -> None:
    """Of 40 customers each fourth bought twice."""
    product = make_product("p")
    for number in range(40):
        customer = Customer.objects.create(external_id=f"c{number}")
        for day in range(2 if number % 4 == 0 else 1):
            buy(customer, product, CLOSED - timedelta(days=5 + day))
    add_up_sales()


def test_a_cheap_rule_is_counted_exactly() -> None:
    found = count_members(TWICE, MOMENT)
    assert (found.n, found.low, found.high, found.n_customers, found.is_exact) == (10, 10, 10, 40, True)


def test_a_dear_rule_is_estimated_from_the_same_customers_every_time(monkeypatch) -> None:
    monkeypatch.setattr(counting, "EXACT_COST", 0)
    monkeypatch.setattr(counting, "SMALLER_SAMPLE", 10)
    monkeypatch.setattr(counting, "SAMPLE", 25)

    found = count_members(DEAR, MOMENT)

    assert not found.is_exact
    assert 10 < found.n_looked_at < 40
    assert found.low <= 10 <= found.high
    assert found.low <= found.n <= found.high
    assert count_members(DEAR, MOMENT) == found


@pytest.mark.parametrize("n", [300, 3_000, 100_000, 700_000])
def test_the_interval_of_an_estimate_holds_the_truth_as_often_as_it_says(n: int) -> None:
    rng = np.random.default_rng(1)
    found = [
        estimate(int(seen), 10_000, 1_000_000) for seen in rng.hypergeometric(n, 1_000_000 - n, 10_000, size=2_000)
    ]
    assert 0.93 < np.mean([one.low <= n <= one.high for one in found]) < 0.985


def test_who_was_not_seen_may_still_be_there() -> None:
    assert estimate(0, 10_000, 1_000_000).low == 0
    assert estimate(0, 10_000, 1_000_000).high > 100
    assert estimate(10, 40, 40) == counting.Count(10, 10, 10, 40, 40)


@pytest.fixture
def slow(monkeypatch) -> Iterator[None]:
    """A count that takes longer than anybody waits."""
    monkeypatch.setattr(counting, "members_question", lambda *_, **__: Question("SELECT pg_sleep(60)", {}))
    monkeypatch.setattr(counting, "_cost", lambda *_: 0.0)
    return


def test_a_count_is_stopped_when_its_asker_asks_again(slow, monkeypatch) -> None:
    monkeypatch.setattr(counting, "EXACT_MS", 60_000)
    told: list[str] = []
    first = threading.Thread(target=ask_in_vain, args=("page 1", told))
    first.start()
    wait_until(lambda: running("page 1") == 1)
    second = threading.Thread(target=ask_in_vain, args=("page 1", told))
    second.start()
    wait_until(lambda: told == ["page 1"], 30)

    with counting._apart("page 1"):
        second.join(30)
    assert told == ["page 1", "page 1"]
    first.join(30)


def ask_in_vain(asker: str, told: list[str]) -> None:
    try:
        count_members(TWICE, MOMENT, asker=asker)
    except CountStopped:
        told.append(asker)
    finally:
        connections.close_all()


def test_a_count_of_somebody_else_goes_on(slow, monkeypatch) -> None:
    monkeypatch.setattr(counting, "EXACT_MS", 60_000)
    other = threading.Thread(target=ask_in_vain, args=("page 2", []))
    other.start()
    wait_until(lambda: running("page 2") == 1)
    with counting._apart("page 3"):
        assert running("page 2") == 1
    with counting._apart("page 2"):
        other.join(30)
    assert not other.is_alive()


def running(asker: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND query LIKE '%%pg_sleep%%'"
            " AND state = 'active' AND pid <> pg_backend_pid()",
            [f"count {asker}"],
        )
        return int(cursor.fetchone()[0])


def test_what_takes_too_long_even_for_some_is_refused_with_what_to_change(slow, monkeypatch) -> None:
    monkeypatch.setattr(counting, "EXACT_MS", 50)
    monkeypatch.setattr(counting, "SAMPLE_MS", 50)
    monkeypatch.setattr(counting, "SMALLER_SAMPLE", 10)
    with pytest.raises(RuleTooCostly, match="shorter time"):
        count_members(TWICE, MOMENT)


def test_a_rule_that_reads_too_much_is_refused_and_its_dearest_part_named(monkeypatch) -> None:
    check_cost(DEAR, MOMENT)
    monkeypatch.setattr(counting, "MOST_COST", 1)
    with pytest.raises(RuleTooCostly, match="condition 2"):
        check_cost(DEAR, MOMENT)
