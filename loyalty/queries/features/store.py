"""The one function that training and serving read features through."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from django.conf import settings
from numpy.typing import NDArray

from loyalty.engine.features import Feature, FeatureFrame, chosen, fingerprint
from loyalty.queries.features.behaviour import INTERACTIONS, RATINGS
from loyalty.queries.features.cache import remembered
from loyalty.queries.features.changes import data_version
from loyalty.queries.features.orders import ORDERS, PRODUCTS
from loyalty.queries.features.people import CONSENTS, PEOPLE
from loyalty.queries.features.readings import Reading, Words, parameters, statement
from loyalty.queries.features.season import SEASON, SOURCE, season
from loyalty.queries.frames import copy_frame, typed_frame
from loyalty.queries.sales import sales_version

Params = dict[str, Any]
EVERYBODY = "SELECT id AS customer_id FROM loyalty_customer WHERE id {chosen} ORDER BY id"
WORDS_OF_DAYS = timedelta(days=365)
SEASON_TABLES = ("loyalty_order",)
_READINGS: list[Reading] = [ORDERS, PRODUCTS, INTERACTIONS, RATINGS, CONSENTS, PEOPLE]


def register_reading(reading: Reading) -> None:
    """Let an app above add features of its own tables, when Django starts."""
    if reading not in _READINGS:
        _READINGS.append(reading)


def customer_features(
    *, as_of: datetime, names: Sequence[str] | None = None, customer_ids: Sequence[int] | None = None
) -> FeatureFrame:
    """What was known of every customer, or of some, just before `as_of`. No row at or after it enters.

    Training asks for everybody and keeps the `names` of the frame; serving asks for these again. The values of some are
    to the bit those that they have among everybody. Raises FeatureUnknown.
    """
    asked = tuple(names) if names is not None else None
    params = {"as_of": as_of, "zone": settings.TIME_ZONE, "currency": sales_version().currency}
    if customer_ids is not None:
        return _computed({**params, "customer_ids": [int(key) for key in customer_ids]}, asked)
    tables = _tables(asked)
    version = data_version(tables)
    name = fingerprint((), _definitions(), as_of.isoformat(), str(asked), *map(str, params.values()), version)
    return remembered(name, lambda: _computed(params, asked), is_still=lambda: data_version(tables) == version)


def feature_list(*, as_of: datetime, names: Sequence[str] | None = None) -> tuple[Feature, ...]:
    """The definitions alone, with the departments, brands and channels that matter as of a moment."""
    params = {"as_of": as_of, "zone": settings.TIME_ZONE, "currency": sales_version().currency}
    return chosen([feature for feature, _ in _known(params, names)], names)


def definitions(names: Sequence[str]) -> list[tuple[Feature, Reading]]:
    """Features of customers by name, each with the pass over tables it is part of. Raises FeatureUnknown.

    What is the same for every customer, the season, is none of them.
    """
    known = {feature.name: (feature, reading) for feature, reading in _known({}, names) if reading is not None}
    return [(feature, known[feature.name][1]) for feature in chosen([one for one, _ in known.values()], names)]


def largest_departments(*, as_of: datetime, n: int) -> list[str]:
    """Where the most was spent in the year before, largest first; at most as many as have features."""
    params = {"as_of": as_of, "currency": sales_version().currency}
    return _said(PRODUCTS.words["departments"], params)[:n]


def _known(params: Params, names: Sequence[str] | None) -> list[tuple[Feature, Reading | None]]:
    words = {name: sql for reading in _READINGS for name, sql in reading.words.items()}
    if names is None:
        values: Words = {name: _said(sql, params) for name, sql in words.items()}
    else:
        # What was asked for by name needs no look at what is large today.
        told = list(dict.fromkeys(name.partition(":")[2] for name in names if ":" in name))
        values = dict.fromkeys(words, told)
    found: list[tuple[Feature, Reading | None]] = [
        (feature, reading) for reading in _READINGS for feature in reading.features(values)
    ]
    return [*found, *((feature, None) for feature in SEASON)]


def _said(sql: str, params: Params) -> list[str]:
    since = params["as_of"] - WORDS_OF_DAYS
    values: list[str] = typed_frame(sql, {**params, "since": since}, column_types={"value": pa.string()})[
        "value"
    ].to_pylist()
    return values


def _definitions() -> str:
    """A hash of everything that decides what a value means."""
    words = {name: ("…",) for reading in _READINGS for name in reading.words}
    features = [feature for reading in _READINGS for feature in reading.features(words)]
    sql = [text for reading in _READINGS for text in (reading.rows, *reading.words.values())]
    return fingerprint([*features, *SEASON], *sql)


def _tables(names: Sequence[str] | None) -> set[str]:
    if names is None:
        return {table for reading in _READINGS for table in reading.tables} | {"loyalty_customer"}
    known = {feature.name: reading for feature, reading in _known({}, names)}
    readings = [known.get(name) for name in names]
    of_readings = {table for reading in readings if reading for table in reading.tables}
    return of_readings | {"loyalty_customer", *SEASON_TABLES}


def _computed(params: Params, names: Sequence[str] | None) -> FeatureFrame:
    known = _known(params, names)
    features = chosen([feature for feature, _ in known], names)
    reading_of = {feature.name: reading for feature, reading in known}
    customer_ids = _customer_ids(params)
    columns: dict[str, pa.Array] = {}
    for reading in _READINGS:
        wanted = [feature for feature in features if reading_of[feature.name] is reading]
        if wanted:
            columns |= _columns(reading, wanted, params, customer_ids)
    if any(feature.source == SOURCE for feature in features):
        columns |= {name: pa.array(np.full(len(customer_ids), value)) for name, value in season(params).items()}
    table = pa.table({"customer_id": customer_ids, **{feature.name: columns[feature.name] for feature in features}})
    return FeatureFrame(features, table)


def _customer_ids(params: Params) -> NDArray[np.int64]:
    sql = EVERYBODY.format(chosen="= ANY(%(customer_ids)s)" if "customer_ids" in params else "IS NOT NULL")
    ids: NDArray[np.int64] = copy_frame(sql, params)["customer_id"].to_numpy()
    return ids


def _columns(
    reading: Reading, features: Sequence[Feature], params: Params, customer_ids: NDArray[np.int64]
) -> dict[str, pa.Array]:
    sql = statement(reading, features, is_for_some="customer_ids" in params)
    types = {
        f"f{number}": pa.string() if one.kind == "category" else pa.float64() for number, one in enumerate(features)
    }
    given = {**params, **parameters(features, params["as_of"])}
    frame = typed_frame(sql, given, column_types={"customer_id": pa.int64(), **types})
    # Somebody who came between two statements is left for the next time.
    frame = frame.filter(pa.array(np.isin(frame["customer_id"].to_numpy(), customer_ids)))
    places = np.searchsorted(customer_ids, frame["customer_id"].to_numpy())
    n = len(customer_ids)
    return {feature.name: _placed(frame[f"f{i}"], feature, places, n) for i, feature in enumerate(features)}


def _placed(column: pa.ChunkedArray, feature: Feature, places: NDArray[np.int64], n: int) -> pa.Array:
    """A column with a place for every customer; who has no such rows has the default."""
    if feature.kind == "category":
        words = np.full(n, feature.default or "", dtype=object)
        words[places] = column.fill_null(feature.default or "").to_numpy(zero_copy_only=False)
        return pa.array(words, pa.string())
    default = np.nan if feature.default is None else float(feature.default)
    numbers = np.full(n, default)
    numbers[places] = column.fill_null(default).to_numpy()
    return pa.array(numbers)
