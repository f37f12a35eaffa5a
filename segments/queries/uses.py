"""What stands on a segment: rules that ask about it, and whatever apps above know of."""

from collections.abc import Callable, Iterable

from segments.models import Segment, SegmentRule

# Names of what uses the segment with a number, as people read them: “campaign Spring”.
Uses = Callable[[int], Iterable[str]]
_USES: list[Uses] = []


def register_use(uses: Uses) -> None:
    """Let an app above say what it uses a segment for, when Django starts."""
    if uses not in _USES:
        _USES.append(uses)


def uses_of(segment: Segment) -> list[str]:
    rules = [f"the segment “{one.segment}”" for one in rules_about(segment.pk)]
    return rules + [name for uses in _USES for name in uses(segment.pk)]


def rules_about(segment_id: int) -> list[SegmentRule]:
    """Rules that ask about being in a segment."""
    found = SegmentRule.objects.select_related("segment").order_by("pk")
    return [rule for rule in found if segment_id in segments_in(rule.tree)]


def segments_in(tree: object) -> set[int]:
    """The numbers of the segments that a kept rule names, also where it cannot be read any more."""
    if isinstance(tree, dict):
        own = {tree["segment"]} if tree.get("kind") == "segment" else set()
        return own.union(*(segments_in(part) for part in tree.values()))
    return set().union(*(segments_in(part) for part in tree)) if isinstance(tree, list) else set()


def in_order(rules: Iterable[SegmentRule]) -> list[SegmentRule]:
    """Rules so that each comes after those whose members it asks about."""
    waiting = {rule.segment_id: rule for rule in rules}
    placed: list[SegmentRule] = []
    while waiting:
        due = [pk for pk, rule in waiting.items() if not segments_in(rule.tree) & (waiting.keys() - {pk})]
        # A circle cannot be made, but a row that was written by hand must not keep others waiting.
        for pk in due or list(waiting):
            placed.append(waiting.pop(pk))
    return placed
