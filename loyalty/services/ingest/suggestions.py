"""A mapping to begin with: one that was saved for this heading, or what the names of the columns suggest."""

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

from loyalty.models import ImportMapping
from loyalty.services.ingest.kinds import RecordKind
from loyalty.services.ingest.looks import FileLook
from loyalty.services.ingest.mappings import DateOrder, DecimalSign, Mapping, MappingRefused, check_columns
from loyalty.services.ingest.rows import is_attribute
from loyalty.services.ingest.synonyms import SYNONYMS, normalised


def check_mapping(kind: RecordKind, look: FileLook, mapping: Mapping) -> None:
    """Raise MappingRefused with a sentence for every column that is not decided, or decided wrongly."""
    check_columns(kind, look.names, mapping)


def suggest_mapping(kind: RecordKind, look: FileLook, saved: Iterable[ImportMapping] = ()) -> Mapping:
    """A saved mapping that decides every column wins. Columns about which nothing is known are left undecided."""
    fitting = fitting_mapping(kind, look, saved)
    if fitting is not None:
        return Mapping.saved(fitting)
    mapping = Mapping(columns=_by_name(kind, look.names))
    return replace(mapping, decimal=cast("DecimalSign", look.decimal), date_order=cast("DateOrder", look.date_order))


def fitting_mapping(kind: RecordKind, look: FileLook, saved: Iterable[ImportMapping]) -> ImportMapping | None:
    """The first saved mapping that fits the heading; None when none does."""
    return next((one for one in saved if one.kind == kind.name and _fits(kind, look, one)), None)


def _fits(kind: RecordKind, look: FileLook, saved: ImportMapping) -> bool:
    try:
        check_columns(kind, look.names, Mapping.saved(saved))
    except (MappingRefused, TypeError):
        return False
    return True


def _by_name(kind: RecordKind, names: Iterable[str]) -> dict[str, str]:
    """Our own names first, then the same letters, then what other programs say; each of ours once."""
    left = {name: normalised(name) for name in names}
    ours = {name: {normalised(name)} for name in kind.names}
    others = {name: {name.replace("_", ""), *SYNONYMS.get(name, ())} for name in kind.names}
    found = {name: name for name in left if name in kind.names or is_attribute(kind, name)}
    for words in (ours, others):
        for target in kind.names:
            if target in found.values():
                continue
            match = _best(left, found, words[target], SYNONYMS.get(target, ()))
            if match is not None:
                found[match] = target
    return {name: found[name] for name in left if name in found}


def _best(left: dict[str, str], found: dict[str, str], words: set[str], order: tuple[str, ...]) -> str | None:
    """Of the columns not yet taken, the one whose word stands first in the list."""
    fitting = [name for name, word in left.items() if name not in found and word in words]
    rank = {word: place for place, word in enumerate(order)}
    return min(fitting, key=lambda name: rank.get(left[name], -1), default=None)
