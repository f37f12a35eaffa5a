"""What rules can ask about in this shop, and up to when."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from loyalty.engine.features import Feature, FeatureUnknown
from loyalty.models import Consent, Customer
from loyalty.queries.features import definitions, feature_list
from loyalty.queries.orders import data_horizon
from segments.engine.rules.catalogue import Catalogue, Known
from segments.engine.rules.notation import MOST_CONDITIONS, RuleRefused
from segments.engine.rules.tree import Events, Rule, conditions
from segments.models import Segment
from segments.queries.rules.compiling import Moment
from segments.queries.rules.sources import event_sources, prediction_readings

# A shop whose newest order is older than this is a shop of the past: its "now" is where its data end.
STILL_OPEN = timedelta(days=7)
# The same for every customer, so nobody can be told apart by it.
SEASON = "season"


def moment_of_rules(at: datetime) -> Moment:
    """What "the last 30 days" are counted back from: now, or the end of data that ended long ago."""
    horizon = data_horizon()
    return Moment(at if horizon is None or at - horizon < STILL_OPEN else horizon, at)


def catalogue(moment: Moment, *, without: int | None = None) -> Catalogue:
    """Everything to ask about, for choosing; `without` leaves out the segment that is being edited."""
    found = [_known("feature", one) for one in feature_list(as_of=moment.as_of) if _is_offered(one)]
    words = _words_in_use(found)
    told = [_with_choices(one, words.get(one.name, ())) for one in found]
    consents = list(Consent.objects.order_by().values_list("purpose", "channel").distinct())
    return _catalogue([*told, *_predictions()], without, consents)


def catalogue_of(tree: object, *, without: int | None = None) -> Catalogue:
    """What one rule, as plain JSON, asks about: no look at what is large today, so that it can be read at every key."""
    found = [_known("feature", one) for one in _named(_names(tree)) if _is_offered(one)]
    return _catalogue([*found, *_predictions()], without, [])


def _catalogue(known: list[Known], without: int | None, consents: list[tuple[str, str]]) -> Catalogue:
    return Catalogue(
        values={(one.kind, one.name): one for one in known},
        happenings={name: source.happening for name, source in event_sources().items()},
        segments=dict(Segment.objects.exclude(pk=without or 0).values_list("pk", "name")),
        consents=consents,
    )


def _predictions() -> list[Known]:
    return [_known("prediction", one) for reading in prediction_readings() for one in reading.features({})]


def _names(tree: object) -> set[str]:
    """The names of features in a rule that is not read yet."""
    if isinstance(tree, dict):
        own = {tree["name"]} if tree.get("kind") == "feature" and isinstance(tree.get("name"), str) else set()
        return own.union(*(_names(part) for part in tree.values()))
    return set().union(*(_names(part) for part in tree)) if isinstance(tree, list) else set()


def _named(names: set[str]) -> list[Feature]:
    found = []
    for name in sorted(names)[:MOST_CONDITIONS]:
        with suppress(FeatureUnknown):
            found += [feature for feature, _ in definitions([name])]
    return found


def _is_offered(feature: Feature) -> bool:
    """Traits of the person are there to audit with, not to choose people by."""
    return feature.source != SEASON and not feature.is_protected


def _known(kind: Any, feature: Feature) -> Known:
    type_ = "word" if feature.kind == "category" else feature.kind
    return Known(kind, feature.name, _label(feature), feature.unit, feature.family, type_)


def _label(feature: Feature) -> str:
    return f"{feature.label} in the last {feature.window_days} days" if feature.window_days else feature.label


def _with_choices(known: Known, words: tuple[str, ...]) -> Known:
    return Known(known.kind, known.name, known.label, known.unit, known.family, known.type, words) if words else known


def _words_in_use(known: list[Known]) -> dict[str, tuple[str, ...]]:
    """The words of those traits of customers that are words."""
    names = [one.name for one in known if one.type == "word" and one.kind == "feature"]
    return {
        name: tuple(Customer.objects.exclude(**{name: ""}).order_by(name).values_list(name, flat=True).distinct()[:50])
        for name in names
    }


def check_values(rule: Rule) -> None:
    """Raises RuleRefused for a product, category, brand … that this shop does not have: mostly a slip of the pen."""
    for condition in conditions(rule):
        if isinstance(condition, Events):
            _check_events(condition)


def _check_events(events: Events) -> None:
    source = event_sources()[events.kind]
    for name, values in events.about:
        sql = source.fields[name].known.format(values="%(values)s::text[]")
        with connection.cursor() as cursor:
            cursor.execute(sql, {"values": list(values)})
            known = {value for (value,) in cursor.fetchall()}
        missing = next((value for value in values if value not in known), None)
        if missing is not None:
            field = source.happening.field(name)
            label = field.label.lower() if field else name
            raise RuleRefused((), f"There is no {label} “{missing}” in what was brought in. Check how it is written.")
