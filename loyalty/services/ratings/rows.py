"""From events of a slice of customers to rows of ratings, each with its evidence."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings

from loyalty.engine.ratings import NO_KEY, VALUES, RatingRule, Signal, Tally, blame, tally, weights
from loyalty.engine.rhythm import Flags, Floats, Ints
from loyalty.engine.signals import Events, bought_afterwards, kept_shares, picked_and_passed
from loyalty.queries.signals import Slice, bought_frame, removals_frame, silences_frame, views_frame

COLUMNS = ("customer_id", "product_id", "signal", "value", "weight", "decay", "evidence", "rated_at")
SECONDS_A_DAY = 86_400


def ratings_of(part: Slice, *, rule: RatingRule, report_id: int | None) -> Iterator[pa.Table]:
    """Every rating of the customers in the slice, one table a signal."""
    as_of = int(np.ceil(part.as_of.timestamp()))
    bought, back, kept, came_back = _purchases(part)
    told = tally(bought, kept, as_of=as_of, rule=rule)
    yield _ratings(told, told.count == 1, Signal.PURCHASE, "order", rule)
    yield _ratings(told, told.count > 1, Signal.REPEAT_PURCHASE, "order", rule)
    yield _all(Signal.RETURN, back, came_back, "order", as_of, rule)
    kept_events = bought[kept > 0]
    views = views_frame(part)
    picked, passed = picked_and_passed(_events(views), _ints(views, "session"), _ints(views, "category"), kept_events)
    yield _all(Signal.PICKED, picked, np.ones(len(picked)), "event", as_of, rule)
    # Somebody who bought it later did not pass it over for good.
    passed = passed[~bought_afterwards(passed, kept_events)]
    yield _all(Signal.PASSED_OVER, passed, np.ones(len(passed)), "event", as_of, rule)
    removed = _events(removals_frame(part))
    removed = removed[~bought_afterwards(removed, kept_events)]
    yield _all(Signal.CART_REMOVAL, removed, np.ones(len(removed)), "event", as_of, rule)
    if report_id is not None:
        yield _silences(silences_frame(part, report_id), kept_events, as_of, rule)


def _purchases(part: Slice) -> tuple[Events, Events, Floats, Floats]:
    """What was bought and what came back, with the share of each purchase that was kept and 1 for each return."""
    frame = bought_frame(part)
    events, quantity = _events(frame), frame["quantity"].to_numpy()
    is_bought, is_back = quantity > 0, quantity < 0
    bought, back = events[is_bought], events[is_back]
    kept = kept_shares(bought, quantity[is_bought], back, -quantity[is_back], _ints(frame, "of_order")[is_back])
    return bought, back, kept, np.ones(len(back))


def _events(frame: pa.Table) -> Events:
    return Events(*(_ints(frame, name) for name in ("customer_id", "product_id", "at", "key")))


def _ints(frame: pa.Table, name: str) -> Ints:
    return frame[name].to_numpy().astype(np.int64)


def _all(signal: Signal, events: Events, share: Floats, noun: str, as_of: int, rule: RatingRule) -> pa.Table:
    told = tally(events, share, as_of=as_of, rule=rule)
    return _ratings(told, np.ones(len(told), bool), signal, noun, rule)


def _ratings(told: Tally, rows: Flags, signal: Signal, noun: str, rule: RatingRule) -> pa.Table:
    value = np.full(int(rows.sum()), VALUES[signal])
    numbers = (value, weights(told.decayed[rows], rule), told.decay[rows])
    pairs = told.customer[rows], told.product[rows]
    return _table(signal, *pairs, numbers, _evidence(told, rows, noun), told.last_at[rows])


def _table(
    signal: Signal, customer: Ints, product: Ints, numbers: tuple[Floats, Floats, Floats], evidence: pa.Array, at: Ints
) -> pa.Table:
    """`numbers` are value, weight and decay."""
    signals = pa.repeat(pa.scalar(signal.value), len(customer))
    moments = pa.array(at, pa.timestamp("s", "UTC"))
    columns = [pa.array(customer), pa.array(product), signals, *map(pa.array, numbers), evidence, moments]
    return pa.table(columns, names=list(COLUMNS))


def _evidence(told: Tally, rows: Flags, noun: str) -> pa.Array:
    """A small JSON: how many orders (or events), the newest of them, and from when to when."""
    newest = [_text(column, column != NO_KEY) for column in told.newest[rows].T]
    keys = pc.binary_join_element_wise(*newest, ", ", null_handling="skip")
    first, last = _days(told.first_at[rows]), _days(told.last_at[rows])
    return pc.binary_join_element_wise(
        f'{{"{noun}s": ', _text(told.count[rows]), f', "{noun}_ids": [', keys, '], "first_on": "', first,
        '", "last_on": "', last, '"}', "",
    )  # fmt: skip


def _text(numbers: Ints | Floats, known: Flags | None = None) -> pa.Array:
    return pa.array(numbers, mask=None if known is None else ~known).cast(pa.string())


def _days(at: Ints) -> pa.Array:
    moments = pa.array(at, pa.timestamp("s", settings.TIME_ZONE))
    return pc.local_timestamp(moments).cast(pa.date32()).cast(pa.string())


def _silences(frame: pa.Table, kept: Events, as_of: int, rule: RatingRule) -> pa.Table:
    """Negative ratings of what was new in the last basket, unless the customer came back and bought it again."""
    customer, product, at = (_ints(frame, name) for name in ("customer_id", "product_id", "at"))
    # Whoever was silent was away for weeks: two days on, another purchase is one after the silence.
    later = Events(customer, product, at + 2 * SECONDS_A_DAY, at)
    frame = frame.filter(pa.array(~bought_afterwards(later, kept)))
    at = _ints(frame, "at")
    ratio = frame["ratio"].to_numpy().astype(np.float64)
    decay = rule.decay(at, as_of)
    numbers = (blame(ratio, _ints(frame, "n_new_products")), weights(decay, rule), decay)
    pairs = _ints(frame, "customer_id"), _ints(frame, "product_id")
    return _table(Signal.SILENCE, *pairs, numbers, _silence_evidence(frame), at)


def _silence_evidence(frame: pa.Table) -> pa.Array:
    text = {name: frame[name].cast(pa.string()).combine_chunks() for name in frame.column_names}
    round_gaps = [pc.round(frame[name], 1).cast(pa.string()).combine_chunks() for name in GAPS]
    back_on = pc.fill_null(pc.binary_join_element_wise('"', text["back_on"], '"', ""), "null")
    return pc.binary_join_element_wise(
        '{"bought_on": "', text["bought_on"], '", "gap_days": ', text["gap_days"], ', "usual_gap_days": ',
        round_gaps[0], ', "allowed_gap_days": ', round_gaps[1], ', "visits": ', text["n_visits"],
        ', "new_products": ', text["n_new_products"], ', "back_on": ', back_on, "}", "",
    )  # fmt: skip


GAPS = ("usual_gap_days", "allowed_gap_days")
