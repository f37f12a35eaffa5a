"""What a trial says, in the words of people who send campaigns."""

from collections.abc import Mapping
from typing import Any

from campaigns.engine.audience.dictionary import WORDS, said
from campaigns.models import Trial


def group_words(group: Mapping[str, Any]) -> str:
    """The conditions of a group as a phrase."""
    return " and ".join(_condition(one) for one in group["conditions"])


def steady_words(group: Mapping[str, Any]) -> str:
    """The conditions of a group of customers, in the words that audiences are described by."""
    told = []
    for one in group["conditions"]:
        fact = WORDS[one["name"]].fact
        told += [said(fact, True, one["low"])] if one["low"] is not None else []
        told += [said(fact, False, one["high"])] if one["high"] is not None else []
    return " and ".join(told)


def _condition(condition: Mapping[str, Any]) -> str:
    name, low, high = condition["name"], condition["low"], condition["high"]
    base, part, word = name.partition(": ")
    if part:
        return f"{base} is {word}" if low is not None else f"{base} is not {word}"
    if low is not None and high is not None:
        return f"{name} between {_number(low)} and {_number(high)}"
    return f"{name} above {_number(low)}" if low is not None else f"{name} up to {_number(high)}"


def _number(value: float) -> str:
    # Years and house numbers have no thousands.
    return f"{value:.6g}"


def advice_sentence(trial: Trial, readout: Mapping[str, Any]) -> str:
    """The verdict on one arm: to these, to everybody, to nobody, or not known yet."""
    told = {"these": _these, "everybody": _everybody, "nobody": _nobody, "cannot_tell": _cannot_tell}
    return told[readout["advice"]](trial, readout)


def _these(trial: Trial, readout: Mapping[str, Any]) -> str:
    """Where nobody said what a contact costs, choosing pays as soon as it costs enough not to write to all."""
    when = "" if trial.contact_cost is not None else " as soon as you would not write to everybody"
    lead = f"Targeting pays for “{readout['arm']}”{when}: people differ in what it changes"
    return f"{lead}, most where {group_words(readout['group'])}." if readout["group"] else f"{lead}."


def _everybody(trial: Trial, readout: Mapping[str, Any]) -> str:
    until = "" if trial.contact_cost is not None else " as long as a contact costs less than what it changes is worth"
    return (
        f"Targeting shows no measurable gain for “{readout['arm']}”: choosing people is no better than chance. "
        f"Send it to everybody{until}."
    )


def _nobody(trial: Trial, readout: Mapping[str, Any]) -> str:
    return f"Send “{readout['arm']}” to nobody: it does not bring what a contact costs."


def _cannot_tell(trial: Trial, readout: Mapping[str, Any]) -> str:
    return (
        f"Nobody can tell yet whether “{readout['arm']}” pays: it may change too little, or the trial was too small. "
        "Targeting shows no measurable gain."
    )
