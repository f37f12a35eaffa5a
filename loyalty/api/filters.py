from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

FARTHEST = timedelta(hours=16)
PAGING = {"cursor", "page_size"}


class StrictFilterBackend(DjangoFilterBackend):
    """A misspelt filter is refused: ignoring it would answer with everything."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        filterset = self.get_filterset(request, queryset, view)
        known = set(filterset.filters) if filterset else set()
        unknown = set(request.query_params) - known - PAGING
        if unknown:
            choice = ", ".join(sorted(known | PAGING))
            raise ValidationError(dict.fromkeys(unknown, f"There is no such filter. Choose from: {choice}."))
        # The database has no text with it, and not every filter looks.
        if null := [name for name, values in request.query_params.lists() if "\x00" in "".join(values)]:
            raise ValidationError(dict.fromkeys(null, "Null characters are not allowed."))
        if filterset is not None:
            _check_offsets(filterset)
        return super().filter_queryset(request, queryset, view)


def _check_offsets(filterset: Any) -> None:
    """Python knows times up to a day away from Greenwich, the database less."""
    asked = filterset.form.cleaned_data if filterset.is_valid() else {}
    moments = {name: value for name, value in asked.items() if isinstance(value, datetime)}
    if far := [name for name, value in moments.items() if abs(value.utcoffset() or timedelta(0)) >= FARTHEST]:
        raise ValidationError(dict.fromkeys(far, "No place on Earth is so far from Greenwich. Write the time in UTC."))
