"""Statements that are asked with every call: put to the server once a connection, so that it plans them once."""

from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection

# By the driver's own connection, for Django opens a new one where the old one broke.
_KNOWN: WeakKeyDictionary[object, set[str]] = WeakKeyDictionary()
# Nobody waits for the disk: a machine that loses its power forgets the last moments, no more.
LAZILY = "SET LOCAL synchronous_commit = off; "


class Prepared:
    """One statement by its name. Between Django and PostgreSQL a pool must keep sessions apart, not only transactions.

    Parameters
    ----------
    name : str
        Of the statement, once in the project.
    statement : str
        With ``%(name)s`` for every value; a percent sign is written twice.
    writes_lazily : bool
        Whether what it writes may reach the disk a moment after the answer.
    **types : str
        The type that PostgreSQL takes each value for.
    """

    def __init__(self, name: str, statement: str, *, writes_lazily: bool = False, **types: str) -> None:
        places = {value: f"${number}" for number, value in enumerate(types, start=1)}
        values = ", ".join(f"%({value})s::{kind}" for value, kind in types.items())
        self.name = name
        self._taught = f"PREPARE {name} ({', '.join(types.values())}) AS {statement % places}"
        self._asked = f"{LAZILY if writes_lazily else ''}EXECUTE {name} ({values})"

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """What it finds, or what it wrote."""
        with connection.cursor() as cursor:
            self._teach(cursor)
            cursor.execute(self._asked, values)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def row(self, **values: Any) -> tuple[Any, ...] | None:
        """The first row, if there is one."""
        found = self.rows(**values)
        return found[0] if found else None

    def _teach(self, cursor: Any) -> None:
        known = _KNOWN.setdefault(connection.connection, set())
        if self.name not in known:
            cursor.execute(self._taught)
            known.add(self.name)
