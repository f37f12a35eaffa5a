"""What rules can ask about in this shop, and up to when."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from loyalty.engine.features import Feature
from loyalty.models import Consent, Customer
from loyalty.queries.features import feature_list
from loyalty.queries.orders import data_horizon
from segments.engine.rules.catalogue import Catalogue, Known
from segments.engine.rules.notation import RuleRefused
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
    """Everything to ask about; `without` leaves out the segment that is being edited."""
    found = [_known("feature", one) for one in feature_list(as_of=moment.as_of) if _is_offered(one)]
    for reading in prediction_readings():
        found += [_known("prediction", one) for one in reading.features({})]
    words = _words_in_use(found)
    values: dict[tuple[str, str], Known] = {
        (one.kind, one.name): _with_choices(one, words.get(one.name, ())) for one in found
    }
    return Catalogue(
        values=values,
        happenings={name: source.happening for name, source in event_sources().items()},
        segments=dict(Segment.objects.exclude(pk=without or 0).values_list("pk", "name")),
        consents=list(Consent.objects.order_by().values_list("purpose", "channel").distinct()),
    )


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
