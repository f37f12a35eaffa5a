"""Past product launches: how many would buy each, who, and who did."""

from typing import Any

import numpy as np
from django.core.management.base import CommandError

from campaigns.engine.launches.judging import LaunchJudgement, judge
from campaigns.engine.launches.model import TooFewLaunches, learn_launches
from campaigns.engine.simulation import LEVELS
from campaigns.management.backtests.printing import Write
from recommender.engine.attributes import Attributes
from recommender.engine.benchmark import NotPossible
from recommender.engine.launches.exams import Exam, exams, launches_of
from recommender.engine.launches.outcomes import LaunchOutcomes
from recommender.engine.launches.past import Launches
from recommender.engine.launches.rules import rules
from recommender.engine.metrics import Estimate
from recommender.management.shops.database import database
from recommender.management.shops.missing import DataMissing

LEVEL = 0.9
RANKING = "{:<42} {:>22} {:>26}"
COVERAGE = "{:<52} {:>7} {:>7} {:>7} {:>7}"
KINDS: dict[str, dict[str, bool]] = {
    "with the launch effect": {},
    "… where 5 buyers or more were expected": {"many": True},
    "customers alone decide (coin toss)": {"coin_toss": True},
    "… where 5 buyers or more were expected (coin toss)": {"coin_toss": True, "many": True},
}


def backtest_launches(write: Write, seed: int) -> dict[str, Any]:
    """Learn from the launches known when the last ten weeks of launches began, and judge those."""
    try:
        shop = database()
        found = launches_of(shop)
        exam = closed(exams(found.n_days)[1], found)
        rng = np.random.default_rng(seed)
        model = learn_launches(found, until=exam.since, rng=rng)
        facts = found.data.facts or Attributes(len(found.data.products))
        judged = judge(model, found, rules(facts), since=exam.since, until=exam.until, rng=rng)
    except (DataMissing, NotPossible, TooFewLaunches) as reason:
        raise CommandError(str(reason)) from reason
    return _told(write, judged, found, exam, np.random.default_rng(seed))


def closed(exam: Exam, found: Launches) -> Exam:
    """Only launches whose weeks were over by the end of the data: of others nobody knows what came of them."""
    return Exam(exam.since, min(exam.until, found.n_days - found.rule.outcome_days + 1))


def _told(
    write: Write, judged: LaunchJudgement, found: Launches, exam: Exam, rng: np.random.Generator
) -> dict[str, Any]:
    totals = judged.totals
    learnt = f"{totals.effect.n_launches:,} forecasts made in turn"
    write(
        f"\n{len(totals.past):,} launches of days {exam.since + 1}-{exam.until} of the shop, the effect from {learnt}"
    )
    scorers = {"ours": judged.ranking, **judged.rules}
    ranked = {name: _ranking(outcomes, rng) for name, outcomes in scorers.items()}
    write("\n" + RANKING.format("who buys", "AUC within a launch", "buyers in the best tenth"))
    for name, (auc, reach) in ranked.items():
        write(RANKING.format(name, _written(auc), _written(reach)))
    write(f"\nforecast buyers over real ones: {totals.ratio:.3f}; calibration error {judged.calibration_error:.5f}")
    write("\n" + COVERAGE.format("intervals that held what happened", *(f"{level:.0%}" for level in LEVELS)))
    coverage = {name: _coverage(judged, **kind) for name, kind in KINDS.items()}
    for name, held in coverage.items():
        write(COVERAGE.format(name, *(f"{share:.3f}" for share in held.values())))
    write(
        f"(randomised within the step of a count; {int(totals.many.sum())} launches with five expected buyers or more)"
    )
    return {
        "launches": _lines(judged, found),
        "total": {
            **_figures(*ranked["ours"]),
            "total_ratio": totals.ratio,
            "calibration_error": judged.calibration_error,
            "coverage": {name: {str(level): share for level, share in held.items()} for name, held in coverage.items()},
            "coverage90": totals.coverage(LEVEL),
            "coverage90_where_five_expected": totals.coverage(LEVEL, many=True),
            "n_launches": len(totals.past),
            "n_launches_ranked": len(judged.ranking.auc),
            "factor": totals.effect.factor,
            "size": totals.effect.size,
            "size_slope": totals.effect.slope,
        },
        "baselines": {name: _figures(*ranked[name]) for name in judged.rules},
    }


def _coverage(judged: LaunchJudgement, **kind: bool) -> dict[float, float]:
    return {level: judged.totals.coverage(level, **kind) for level in LEVELS}


def _ranking(outcomes: LaunchOutcomes, rng: np.random.Generator) -> tuple[Estimate, Estimate]:
    return outcomes.mean_auc(rng), outcomes.reach(rng)


def _figures(auc: Estimate, reach: Estimate) -> dict[str, Any]:
    spans = {"auc_interval": [auc.low, auc.high], "best_tenth_interval": [reach.low, reach.high]}
    return {"within_launch_auc": auc.mid, "buyers_in_best_tenth": reach.mid, **spans}


def _written(figure: Estimate) -> str:
    return f"{figure.mid:.3f} ({figure.low:.3f}–{figure.high:.3f})"


def _lines(judged: LaunchJudgement, found: Launches) -> list[dict[str, Any]]:
    totals = judged.totals
    tail = (1 - LEVEL) / 2
    columns = zip(
        found.data.products.ids[totals.past.product_rows].tolist(),
        totals.past.days.tolist(),
        totals.means.round(3).tolist(),
        totals.effect.quantiles(totals.expected, tail).tolist(),
        totals.effect.quantiles(totals.expected, 1 - tail).tolist(),
        totals.past.buyers.tolist(),
        totals.places.round(4).tolist(),
        strict=True,
    )
    names = ("product_id", "day", "mean", "low90", "high90", "actual", "place")
    return [dict(zip(names, line, strict=True)) for line in columns]
