"""How a kind of record is spoken of in the API: the import's columns, in the API's words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from loyalty.services.ingest import RecordKind
from loyalty.services.ingest.kinds import Column
from loyalty.services.scopes import noun_of

TORN = "Another row of this"
OWN_KEY = "external_id"
Errors = dict[str, str]


def api_word(column: Column) -> str:
    """`external_id` is what a record calls itself; another record is named without `_id`, which is our own table's."""
    if column.field == OWN_KEY:
        return OWN_KEY
    return column.name.removesuffix("_id") if column.reference is not None else column.name


def _is_ours(column: Column) -> bool:
    """A column that only the import itself fills; the templates for files do not have it either."""
    return not column.is_asked_for


@dataclass(frozen=True)
class Door:
    """One kind of record as it is written to the API."""

    kind: RecordKind

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The API's words, where they differ from the import's, with those."""
        return {word: column.name for column in self.kind.columns if (word := api_word(column)) != column.name}

    @property
    def noun(self) -> str:
        """The word in addresses and in scopes."""
        return noun_of(self.kind.name)

    @cached_property
    def key_words(self) -> list[str]:
        """What a record is recognised by."""
        part = self.kind.parts[0] if self.kind.nested else self.kind.main
        return [self._api_name(name) for name in part.key]

    @property
    def key(self) -> str:
        return self.key_words[0]

    @property
    def type_name(self) -> str:
        """The kind in the names of classes and of the description's parts."""
        return "".join(word.capitalize() for word in self.kind.name.split("_"))

    def _api_name(self, column: str) -> str:
        return next((ours for ours, theirs in self.names.items() if theirs == column), column)

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The fields of a record."""
        return self._columns(nested=False)

    @cached_property
    def list_columns(self) -> dict[str, Column]:
        """The fields of the records in its list; none when it has no list."""
        return self._columns(nested=True) if self.kind.nested else {}

    def _columns(self, *, nested: bool) -> dict[str, Column]:
        head = {name for part in self.kind.parts[:1] for name in (*part.key, *part.all_columns)}
        head |= {link.column for part in self.kind.parts if part.only_updates for link in part.links}
        return {
            self._api_name(column.name): column
            for column in self.kind.columns
            if not _is_ours(column) and (not self.kind.nested or (column.name in head) != nested)
        }

    def to_import(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {self.names.get(name, name): value for name, value in row.items()}

    def from_import(self, errors: Sequence[tuple[str, str]], numbers: Sequence[int]) -> Errors:
        """In the API's words. `numbers` are the caller's numbers of the rows that the import counted from 1."""
        found = {self._place(name): self._renumbered(reason, numbers) for name, reason in errors}
        # That a line of an order waits for another one is news only where the other one is in another row.
        return {name: reason for name, reason in found.items() if not reason.startswith(TORN)} or found

    def _place(self, column: str) -> str:
        """Where in the caller's record a column stands: the import tells some of the head's beside each line."""
        bare = self._in_our_words(column.rpartition(".")[2])
        return bare if bare in self.columns else self._in_our_words(column)

    def _renumbered(self, reason: str, numbers: Sequence[int]) -> str:
        return re.sub(
            r"\b(?:Record|line) (\d+)\b", lambda found: f"row {numbers[int(found[1]) - 1]}", self._in_our_words(reason)
        )

    def _in_our_words(self, text: str) -> str:
        for ours, theirs in self.names.items():
            text = re.sub(rf"\b{theirs}\b", ours, text)
        return text
