"""Look at all features at once and write down what was found; add up old marks of changes."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from loyalty.engine.components import principal_components
from loyalty.engine.encoding import Encoding
from loyalty.engine.features import Feature, FeatureFrame
from loyalty.engine.information import Information, binned, coded, information
from loyalty.engine.sketches import missing_share, sketch
from loyalty.models import FeatureFact, FeatureSurvey
from loyalty.queries.features import AFTER, Outcome, customer_features, outcomes, what_came
from loyalty.services.progress import Progress

SEED = 20_260_901
SURVEYS_KEPT = 5
N_COMPONENTS = 60
N_LOADINGS = 4
# With fewer of either answer chance looks like knowledge.
FEWEST_ANSWERS = 20
# The newest mark of a table stays, and takes over the others: neither sum nor newest key, the data's version, moves.
ADD_UP = """
WITH newest AS (
    SELECT source, max(id) AS id FROM loyalty_datachange GROUP BY source
), gone AS (
    DELETE FROM loyalty_datachange d USING newest WHERE d.source = newest.source AND d.id < newest.id
    RETURNING d.source, d.n
), sums AS (
    SELECT source, sum(n) AS n FROM gone GROUP BY source
)
UPDATE loyalty_datachange d SET n = d.n + sums.n FROM newest JOIN sums USING (source) WHERE d.id = newest.id
"""


class NoCustomers(Exception):
    """There is nobody to know anything about."""


@transaction.atomic
def add_up_changes() -> None:
    with connection.cursor() as cursor:
        cursor.execute(ADD_UP)


def survey_features(*, as_of: datetime, at: datetime, report: Progress) -> dict[str, Any]:
    """How full and how spread features are as of a moment, and what those of a month before told of that month."""
    done = FeatureSurvey.objects.filter(job_id=report.job_id).first() if report.job_id else None
    if done is not None:
        return _summary(done)
    report(0, 4, "Reading what is known of every customer")
    frame = customer_features(as_of=as_of)
    if not len(frame):
        raise NoCustomers("There are no customers yet. Import customers and orders first.")
    report(1, 4, "Reading what was known a month before")
    before = customer_features(as_of=as_of - AFTER, names=frame.names)
    report(2, 4, "Comparing it with what customers did in that month")
    told, asked = _told(before, as_of - AFTER)
    report(3, 4, "Looking for what features have in common")
    components = _components(frame)
    with report.writing():
        survey = FeatureSurvey.objects.create(
            as_of=as_of, told_as_of=as_of - AFTER, n_customers=len(frame), outcomes=asked, components=components,
            job_id=report.job_id, created_at=at,
        )  # fmt: skip
        FeatureFact.objects.bulk_create(_facts(survey, frame, told))
        kept = FeatureSurvey.objects.values_list("pk", flat=True)[:SURVEYS_KEPT]
        FeatureSurvey.objects.exclude(pk__in=list(kept)).delete()
    return _summary(survey)


def _summary(survey: FeatureSurvey) -> dict[str, Any]:
    facts = survey.facts.all()
    return {"survey_id": survey.pk, "n_features": facts.count(), "n_telling": facts.filter(tells=True).count()}


Told = dict[str, dict[str, Information]]


def _told(frame: FeatureFrame, as_of: datetime) -> tuple[Told, list[dict[str, Any]]]:
    """By outcome and feature, and how many did what; an outcome that hardly anybody had is asked nothing about."""
    columns = {feature.name: _bins(frame, feature) for feature in frame.features}
    told: Told = {}
    asked = []
    for outcome in outcomes():
        places, did = _placed(frame, outcome, as_of)
        is_enough = min(int(did.sum()), int((~did).sum())) >= FEWEST_ANSWERS
        if is_enough:
            chosen = {name: bins[places] for name, bins in columns.items()}
            told[outcome.name] = information(chosen, did, rng=np.random.default_rng(SEED))
        asked.append(
            {
                "name": outcome.name,
                "label": outcome.label,
                "n": len(did),
                "n_did": int(did.sum()),
                "is_asked": is_enough,
            }
        )
    return told, asked


def _placed(frame: FeatureFrame, outcome: Outcome, as_of: datetime) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    customer_ids, did = what_came(outcome, as_of=as_of)
    is_known = np.isin(customer_ids, frame.customer_ids)
    return np.searchsorted(frame.customer_ids, customer_ids[is_known]), did[is_known]


def _bins(frame: FeatureFrame, feature: Feature) -> NDArray[np.int64]:
    return coded(frame.words(feature.name)) if feature.kind == "category" else binned(frame.numbers(feature.name))


def _components(frame: FeatureFrame) -> dict[str, Any]:
    encoding = Encoding.fit(frame, np.ones(len(frame), bool))
    found = principal_components(encoding.transform(frame), N_COMPONENTS)
    labels = {feature.name: (feature.label, feature.window_days) for feature in frame.features}
    made_of = [
        [labels.get(encoding.names[column], (encoding.names[column], None)) for column in _largest(loading)]
        for loading in found.loadings[:5]
    ]
    return {"shares": found.explained_shares.tolist(), "n_columns": len(encoding.names), "made_of": made_of}


def _largest(loading: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.argsort(-np.abs(loading))[:N_LOADINGS]


def _facts(survey: FeatureSurvey, frame: FeatureFrame, told: Told) -> list[FeatureFact]:
    by_feature = {one.name: {outcome: found[one.name] for outcome, found in told.items()} for one in frame.features}
    ordered = sorted(frame.features, key=lambda one: (-_most(by_feature[one.name]), one.name))
    return [
        FeatureFact(
            survey=survey, position=position, name=one.name, label=one.label, unit=one.unit, family=one.family,
            kind=one.kind, window_days=one.window_days, is_protected=one.is_protected,
            missing_share=missing_share(frame, one), sketch=sketch(frame, one),
            told={outcome: asdict(found) for outcome, found in by_feature[one.name].items()},
            tells=any(found.tells for found in by_feature[one.name].values()),
        )
        for position, one in enumerate(ordered, start=1)
    ]  # fmt: skip


def _most(found: Mapping[str, Information]) -> float:
    """What does not tell more than chance comes last, however it is measured."""
    return max((one.bits + one.tells for one in found.values()), default=0.0)
