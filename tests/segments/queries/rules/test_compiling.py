"""What the database finds, beside the features of the store and beside a count by hand."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.engine.features import Feature
from loyalty.models import Consent, Customer, Order, OrderLine, Rating
from loyalty.queries.features import customer_features, feature_list
from loyalty.services.sales import add_up_sales
from segments.engine.rules.notation import read_rule
from segments.engine.rules.tree import (
    Allows,
    Comparison,
    Events,
    Every,
    Inside,
    Not,
    Rule,
    Some,
    Span,
    Value,
    conditions,
)
from segments.engine.rules.truth import holds
from segments.models import Segment, SegmentMembership
from segments.queries.rules.catalogue import catalogue
from segments.queries.rules.compiling import Moment, Question, answers_question, members_question
from tests.loyalty.features.world import CLOSED, buy, make_product, open_world

pytestmark = pytest.mark.django_db
AS_OF = CLOSED - timedelta(days=40)
MOMENT = Moment(AS_OF, AS_OF)


def asked(question: Question) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question.sql, question.params)
        return cursor.fetchall()


def fitting(rule: Rule, moment: Moment = MOMENT, among: list[int] | None = None) -> list[int]:
    return sorted(key for (key,) in asked(members_question(rule, moment, among=among)))


@pytest.fixture
def world() -> list[Customer]:
    customers = open_world()
    add_up_sales()
    return customers


def test_every_feature_that_rules_offer_is_the_feature_of_the_store(world) -> None:
    offered = [known for (kind, _), known in catalogue(MOMENT).values.items() if kind == "feature"]
    frame = customer_features(as_of=AS_OF, names=[one.name for one in offered])

    wanted: list[tuple[Value, list[bool]]] = []
    for known, feature in zip(offered, frame.features, strict=True):
        values = frame.words(known.name) if known.type == "word" else frame.numbers(known.name)
        for test, passes in comparisons_of(feature, values):
            wanted.append((Value("feature", known.name, test), [bool(passes(value)) for value in values]))

    everybody = frame.customer_ids.tolist()
    for start in range(0, len(wanted), 100):
        part = wanted[start : start + 100]
        question = answers_question(Every(tuple(one for one, _ in part)), MOMENT, among=everybody)
        rows = {key: yes for key, *yes in asked(question)}
        for place, (value, expected) in enumerate(part):
            assert [rows[key][place] for key in everybody] == expected, value
    assert len(offered) > 150


def comparisons_of(feature: Feature, values: Any) -> list[tuple[Comparison, Callable[[Any], bool]]]:
    """Comparisons whose answer the values themselves tell; NaN compares with nothing."""
    if feature.kind == "category":
        word = max(values)
        return [(Comparison("is", (word,)), lambda value: value == word)] if word else []
    middle = sorted(value for value in values.tolist() if value == value)
    if not middle:
        return []
    number = middle[len(middle) // 2]
    return [
        (Comparison("at_least", (number,)), lambda value: value >= number),
        (Comparison("less_than", (number,)), lambda value: value < number),
    ]


def test_traits_of_the_person_and_the_season_are_not_offered(world) -> None:
    names = {name for _, name in catalogue(MOMENT).values}
    protected = {feature.name for feature in feature_list(as_of=AS_OF) if feature.is_protected}
    assert protected
    assert not names & (protected | {"season_month_factor"})


def lines_of(customer: Customer, span: Span, category: tuple[str, ...]) -> list[OrderLine]:
    """By hand: every line of a customer in a span, of these categories or those below them."""
    found = OrderLine.objects.filter(order__customer=customer, order__ordered_at__lt=AS_OF).select_related(
        "order", "product__category"
    )
    kept = []
    for line in found:
        age = AS_OF - line.order.ordered_at
        if span.days and not timedelta(days=span.days[1]) < age <= timedelta(days=span.days[0]):
            continue
        day = line.order.ordered_at.date()
        if (span.since and day < span.since) or (span.before and day >= span.before):
            continue
        path = line.product.category.path if line.product.category else ""
        if category and not any(path == one or path.startswith(f"{one} > ") for one in category):
            continue
        kept.append(line)
    return kept


def bought(customer: Customer, events: Events) -> dict[str, float]:
    lines = lines_of(customer, events.span, dict(events.about).get("category", ()))
    orders = {line.order_id for line in lines if line.order.reverses_id is None}
    return {"times": len(orders), "spend": max(float(sum(line.amount for line in lines)), 0.0)}


def compares(test: Comparison, value: float) -> bool:
    first, last = float(test.operands[0]), float(test.operands[-1])
    return {
        "at_least": value >= first,
        "at_most": value <= first,
        "more_than": value > first,
        "less_than": value < first,
        "exactly": value == first,
        "between": first <= value <= last,
    }[test.operator]


def by_hand(customer: Customer, condition: Any, inside: set[int]) -> bool:
    if isinstance(condition, Events):
        measured = bought(customer, condition)
        return all(compares(test, round(measured[name], 2)) for name, test in condition.counts)
    if isinstance(condition, Allows):
        said = customer.consents.filter(channel=condition.channel, at__lt=AS_OF).order_by("-at", "-id").first()
        state = {"granted": "granted", "denied": "refused", "revoked": "refused"}[said.state] if said else "unasked"
        return state == condition.state
    if isinstance(condition, Inside):
        return customer.pk in inside
    n_orders = Order.objects.filter(customer=customer, ordered_at__lt=AS_OF, reverses=None).count()
    return compares(condition.test, n_orders)


TESTS = st.one_of(
    st.builds(
        lambda operator, number: Comparison(operator, (number,)),
        st.sampled_from(["at_least", "at_most", "more_than", "less_than", "exactly"]), st.integers(0, 40),
    ),
    st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda ends: Comparison("between", tuple(sorted(ends)))),
)  # fmt: skip
SPANS = st.sampled_from(
    [Span(), Span((90, 0)), Span((400, 100)), Span(since=date(2024, 3, 1)), Span(before=date(2024, 3, 1)),
     Span(since=date(2023, 6, 1), before=date(2024, 6, 1))]
)  # fmt: skip
CATEGORIES = st.sampled_from([(), ("Tea",), ("Coffee: beans, 100% > Shelf",), ("Tea", "Bread"), ("Shelf",)])
MEASURED = st.dictionaries(st.sampled_from(["times", "spend"]), TESTS, min_size=1).map(lambda told: tuple(told.items()))
EVENTS = st.builds(
    lambda span, category, counts: Events("bought", (("category", category),) if category else (), span, counts),
    SPANS, CATEGORIES, MEASURED,
)  # fmt: skip
LEAVES = st.one_of(
    EVENTS,
    st.builds(Allows, st.just("marketing"), st.just("email"), st.sampled_from(["granted", "refused", "unasked"])),
    st.just(Inside(0)),
    TESTS.map(lambda test: Value("feature", "orders_all", test)),
)


def groups(parts: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    listed = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(Every, listed), st.builds(Some, listed), st.builds(Not, parts))


def numbered(rule: Rule, pk: int) -> Rule:
    if isinstance(rule, Every | Some):
        return type(rule)(tuple(numbered(part, pk) for part in rule.parts))
    if isinstance(rule, Not):
        return Not(numbered(rule.part, pk))
    return Inside(pk) if isinstance(rule, Inside) else rule


@pytest.fixture
def small_world() -> tuple[list[Customer], Segment]:
    customers = open_world(seed=5, n_customers=12, n_orders=160)
    add_up_sales()
    segment = Segment.objects.create(kind="rule", name="Every other", created_at=AS_OF)
    for customer in customers[::2]:
        SegmentMembership.objects.create(segment=segment, customer=customer, valid_from=AS_OF)
    return customers, segment


@given(rule=st.recursive(LEAVES, groups, max_leaves=6))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_rule_finds_whom_a_count_by_hand_finds(small_world, rule: Rule) -> None:
    customers, segment = small_world
    rule = numbered(rule, segment.pk)
    inside = {customer.pk for customer in customers[::2]}

    answers = {one.pk: [by_hand(one, condition, inside) for condition in conditions(rule)] for one in customers}

    assert fitting(rule) == [one.pk for one in customers if holds(rule, answers[one.pk])]
    some = [one.pk for one in customers[:5]]
    assert fitting(rule, among=some) == [key for key in some if holds(rule, answers[key])]
    told = asked(answers_question(rule, MOMENT, among=some))
    assert {key: list(yes) for key, *yes in told} == {key: answers[key] for key in some}


def read(rule: Any) -> Rule:
    return read_rule({"version": 1, "rule": rule}, catalogue(MOMENT))


def test_products_of_a_category_bought_often_and_for_enough_in_the_last_days() -> None:
    """The world: six customers, of whom only the first fits, each other one missing by one thing."""
    wine, tea = make_product("w1", "Wine"), make_product("t1", "Tea")
    plan = {
        "fits": [(wine, 5, 20), (wine, 10, 20), (wine, 15, 20)],
        "too seldom": [(wine, 5, 40), (wine, 10, 40)],
        "too little": [(wine, 5, 10), (wine, 10, 10), (wine, 15, 10)],
        "too long ago": [(wine, 5, 20), (wine, 10, 20), (wine, 31, 20)],
        "other things": [(tea, 5, 20), (tea, 10, 20), (tea, 15, 20)],
        "on the day": [(wine, 5, 20), (wine, 10, 20), (wine, 0, 20)],
    }
    for name, purchases in plan.items():
        customer = Customer.objects.create(external_id=name)
        for product, days, amount in purchases:
            buy(customer, product, AS_OF - timedelta(days=days), amount)
    rule = read(
        {
            "kind": "bought", "about": {"category": ["Wine"]}, "when": {"last_days": 30},
            "counts": {"times": {"at_least": 3}, "spend": {"at_least": 50}},
        }
    )  # fmt: skip

    assert names(fitting(rule)) == ["fits"]
    # A row at the moment itself is of the future: it counts a day later.
    assert names(fitting(rule, Moment(AS_OF + timedelta(days=1), AS_OF))) == ["fits", "on the day"]


def names(keys: list[int]) -> list[str]:
    return list(Customer.objects.filter(pk__in=keys).order_by("pk").values_list("external_id", flat=True))


def test_what_came_back_is_taken_off() -> None:
    customer = Customer.objects.create(external_id="c")
    wine = make_product("w1", "Wine")
    order = buy(customer, wine, AS_OF - timedelta(days=5), 60)
    spent = read({"kind": "bought", "counts": {"spend": {"at_least": 50}}})
    assert fitting(spent) == [customer.pk]

    buy(customer, wine, AS_OF - timedelta(days=4), -60, reverses=order)

    assert fitting(spent) == []
    assert fitting(read({"kind": "bought", "counts": {"times": {"exactly": 1}}})) == [customer.pk]


def test_consent_is_what_was_said_last_before_the_moment() -> None:
    said = {"yes": ["granted"], "no": ["granted", "revoked"], "again": ["denied", "granted"], "silent": []}
    for name, states in said.items():
        customer = Customer.objects.create(external_id=name)
        for day, state in enumerate(states):
            at = AS_OF - timedelta(days=9 - day)
            Consent.objects.create(customer=customer, channel="email", state=state, source="form", at=at)
    Consent.objects.create(
        customer=Customer.objects.get(external_id="yes"), channel="email", state="revoked", source="form",
        at=AS_OF + timedelta(days=1),
    )  # fmt: skip

    def found(state: str) -> list[str]:
        return names(fitting(read({"kind": "consent", "channel": "email", "state": state})))

    assert found("granted") == ["yes", "again"]
    assert found("refused") == ["no"]
    assert found("unasked") == ["silent"]


def test_a_mean_rating_can_be_below_zero_and_is_nothing_without_ratings() -> None:
    product = make_product("p")
    for name, value in (("cross", -0.5), ("happy", 0.5), ("quiet", None)):
        customer = Customer.objects.create(external_id=name)
        if value is not None:
            Rating.objects.create(
                customer=customer, product=product, kind="explicit", value=value, source="web",
                rated_at=AS_OF - timedelta(days=3),
            )  # fmt: skip
    below = {"kind": "rated", "counts": {"mean": {"at_most": -0.25}}}
    assert names(fitting(read(below))) == ["cross"]
    assert names(fitting(read({"not": below}))) == ["happy", "quiet"]


INJECTED = ["x'; DROP TABLE loyalty_customer; --", "%(as_of)s", "%s", "{values}", "a'' OR 1=1", "\\'; SELECT 1", "100%"]


@pytest.mark.parametrize("text", INJECTED, ids=range(len(INJECTED)))
def test_what_a_person_typed_stays_a_value(text: str) -> None:
    customer = Customer.objects.create(external_id="c")
    buy(customer, make_product("w1", text), AS_OF - timedelta(days=5), 60)
    Customer.objects.create(external_id="other")
    about_it = read({"kind": "bought", "about": {"category": [text]}})

    assert fitting(about_it) == [customer.pk]
    question = members_question(about_it, MOMENT)
    assert text not in question.sql or text in ("%s", "{values}", "%(as_of)s")
    sql, params = question.by_position()
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        assert cursor.fetchall() == [(customer.pk,)]
    share = {"kind": "feature", "name": f"category_share_all:{text}", "test": {"at_least": 0.9}}
    if catalogue(MOMENT).value("feature", share["name"]):
        assert fitting(read(share)) == [customer.pk]


def test_merged_and_erased_customers_fit_nothing() -> None:
    gone = Customer.objects.create(external_id="gone")
    stays = Customer.objects.create(external_id="stays")
    gone.delete()
    assert fitting(read({"not": {"kind": "bought"}})) == [stays.pk]


def test_the_day_of_the_shop_begins_in_its_own_zone(settings) -> None:
    settings.TIME_ZONE = "America/New_York"
    customer = Customer.objects.create(external_id="late")
    # 23:30 of the last of May in New York is June in London.
    buy(customer, make_product("p"), datetime(2024, 6, 1, 3, 30, tzinfo=UTC))
    may = {"kind": "bought", "when": {"since": "2024-05-01", "before": "2024-06-01"}}
    assert fitting(read(may)) == [customer.pk]


SPENT = Events("bought", (), Span(), (("spend", Comparison("at_least", (20,))),))
TEA = Events("bought", (("category", ("Tea",)),), Span((90, 0)))
TWICE = Events("bought", (("category", ("Tea",)),), Span((90, 0)), (("times", Comparison("at_least", (2,))),))
ORDERED = Events("bought", (), Span(), (("times", Comparison("at_least", (3,))),))
LONG_AGO = Events("bought", (), Span((400, 100)), (("spend", Comparison("at_least", (1,))),))


@pytest.mark.parametrize(
    ("rule", "n_passes"),
    [
        pytest.param(Every((SPENT, TEA)), 1, id="the lines are read anyway"),
        pytest.param(Every((TEA, Not(TEA), LONG_AGO, SPENT)), 1, id="in any order, and what stands there twice"),
        pytest.param(Every((SPENT, TWICE)), 2, id="telling orders apart needs all rows sorted"),
        pytest.param(Every((ORDERED, TEA)), 2, id="orders alone do not know what was bought"),
        pytest.param(Every((LONG_AGO, TEA)), 2, id="of another time"),
    ],
)
def test_what_is_read_for_one_condition_is_read_once(small_world, rule: Rule, n_passes: int) -> None:
    question = members_question(rule, MOMENT)

    assert question.sql.count("FROM loyalty_order ") == n_passes


@given(wide=MEASURED, others=st.lists(EVENTS, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_conditions_read_together_answer_as_when_read_alone(small_world, wide, others: list[Events]) -> None:
    customers, _ = small_world
    everybody = [one.pk for one in customers]
    asked_for = [Events("bought", (), Span(), wide), *others]

    together = asked(answers_question(Every(tuple(asked_for)), MOMENT, among=everybody))

    alone = [dict(asked(answers_question(one, MOMENT, among=everybody))) for one in asked_for]
    assert {key: yes for key, *yes in together} == {key: [told[key] for told in alone] for key in everybody}
