from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

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
        return super().filter_queryset(request, queryset, view)
