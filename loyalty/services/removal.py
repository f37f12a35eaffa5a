"""Take a record back that was a mistake. What has a history stays, or the sums of the past would change."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import DO_NOTHING, Model


class HasHistory(Exception):
    """Other records refer to this one; the message names them."""


@transaction.atomic
def remove_record(record: Model) -> None:
    """Delete a row that nothing refers to; its lock is held, so that nothing can begin to. Raises HasHistory."""
    referring = list(_referring(record))
    if referring:
        noun = record._meta.verbose_name
        raise HasHistory(f"There are {' and '.join(referring)} of this {noun}, so it stays. Change it instead.")
    record.delete()


def _referring(record: Model) -> Iterator[str]:
    for relation in record._meta.related_objects:
        # A view of the database refers to everything and holds nothing.
        if relation.on_delete is DO_NOTHING:
            continue
        rows: Any = relation.related_model._base_manager
        if rows.filter(**{relation.field.name: record}).exists():
            yield str(relation.related_model._meta.verbose_name_plural)
