"""A trial's results as lines of text, for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from campaigns.models import Trial
from campaigns.queries.trial_words import advice_sentence, group_words


def report_lines(trial: Trial) -> Iterator[str]:
    """What the results page says, in a column of text."""
    told = trial.results
    yield f"{trial.name}: {trial.n_people:,} people, {trial.n_rejected:,} rows not taken. Outcome: {trial.outcome_name}"
    if trial.note:
        yield trial.note
    if not told:
        return
    ratio = told["sample_ratio"]
    yield f"groups as large as planned: p = {ratio['p_value']:.3g}" if ratio["is_checked"] else "no plan to check"
    if ratio["is_broken"]:
        yield "The groups are not as large as planned, so nothing is read out."
        return
    yield f"{'group':24} {'people':>9} {'mean':>9} {'difference (95 %)':>30} {'adjusted (95 %)':>30}"
    yield f"{trial.plan['control']:24} {told['control']['n_people']:9,} {told['control']['mean']['value']:9.4f}"
    for one in told["arms"]:
        mean, difference, adjusted = one["mean"]["value"], _told(one["difference"]), _told(one["adjusted"])
        yield f"{one['arm']:24} {one['n_people']:9,} {mean:9.4f} {difference:>30} {adjusted:>30}"
    for one in told["money"]:
        yield f"{one['arm']:24} came with it {one['came_with']:,.2f}, because of it {_told(one['incremental'])}"
    for readout in told.get("readouts", []):
        yield from _readout(trial, readout)
    for one in told.get("policies", []):
        name = f"everybody “{one['arm']}”" if one["arm"] else "each the arm expected to do most"
        gain = f", more than the best of the others: {_told(one['gain'])}" if "gain" in one else ""
        yield f"{name:40} {_told(one['value'])} (weighted {one['weighted']:.4f}){gain}"


def _readout(trial: Trial, readout: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n{readout['arm']}"
    depths = "".join(f"{f'best {share:.0%}':>10}" for share in readout["depths"])
    yield f"  {'order':18} {'Qini per person (95 %)':>30} {'of best':>8}{depths}"
    for one in readout["learners"]:
        uplift = "".join(f"{estimate['value']:10.4f}" for estimate in one["uplift"])
        yield f"  {one['label']:18} {_told(one['qini'], 5):>30} {one['normalised']:8.4f}{uplift}"
    p_value, gain = readout["test"]["p_value"], _told(readout["gain"], 5)
    yield f"  people differ: p = {p_value:.3g}; gain of choosing {gain} a person"
    if readout["group"]:
        yield f"  who gains most: {group_words(readout['group'])}: {_told(readout['group']['effect'])}"
    yield f"  {advice_sentence(trial, readout)}"


def _told(estimate: Mapping[str, float], places: int = 4) -> str:
    return f"{estimate['value']:+.{places}f} [{estimate['low']:+.{places}f}, {estimate['high']:+.{places}f}]"
