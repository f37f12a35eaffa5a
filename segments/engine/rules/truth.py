"""Whether a rule holds, and which condition decided that it now does, or no longer."""

from collections.abc import Iterator, Sequence

from segments.engine.rules.tree import Comparison, Every, Not, Rule, Some

WHETHER = {("at_least", 1), ("more_than", 0), ("less_than", 1), ("at_most", 0), ("exactly", 0)}


def holds(rule: Rule, answers: Sequence[bool]) -> bool:
    """Whether a rule holds of somebody.

    Parameters
    ----------
    rule : Rule
    answers : sequence of bool
        One a condition, in the order in which the rule is read.
    """
    return _holds(rule, iter(answers))


def _holds(rule: Rule, answers: Iterator[bool]) -> bool:
    if isinstance(rule, Every | Some):
        # Every part is asked, also where the first decides: the answers of the others must be used up.
        each = [_holds(part, answers) for part in rule.parts]
        return all(each) if isinstance(rule, Every) else any(each)
    if isinstance(rule, Not):
        return not _holds(rule.part, answers)
    return next(answers)


def deciding(rule: Rule, before: Sequence[bool], now: Sequence[bool]) -> int | None:
    """The place of the condition that moved somebody in or out.

    Of the conditions whose answer changed it is the first without whose change nothing would have moved; where several
    could have, the first of them. None when no answer changed.

    Parameters
    ----------
    before, now : sequence of bool
        Answers of all conditions at two moments, in the order in which the rule is read.
    """
    changed = [place for place, (old, new) in enumerate(zip(before, now, strict=True)) if old != new]
    for place in changed:
        without = [*now[:place], before[place], *now[place + 1 :]]
        if holds(rule, without) != holds(rule, now):
            return place
    return changed[0] if changed else None


def passes(test: Comparison, value: float | str | None) -> bool:
    """Whether a value passes a comparison. What is not known passes none but `is_not`."""
    if value is None or value == "":
        return test.operator == "is_not"
    if test.operator == "known":
        return True
    if test.operator in ("is", "one_of", "is_not"):
        return (value in test.operands) != (test.operator == "is_not")
    return _compares(test, float(value))


def asks_whether(test: Comparison) -> bool:
    """Whether a comparison of a count only tells none from some."""
    return (test.operator, *test.operands) in WHETHER


def _compares(test: Comparison, value: float) -> bool:
    numbers = [float(one) for one in test.operands]
    return {
        "at_least": value >= numbers[0],
        "at_most": value <= numbers[0],
        "more_than": value > numbers[0],
        "less_than": value < numbers[0],
        "exactly": value == numbers[0],
        "between": numbers[0] <= value <= numbers[-1],
    }[test.operator]
