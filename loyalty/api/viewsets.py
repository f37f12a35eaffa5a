from typing import Any, cast

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import Throttled
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.viewsets import GenericViewSet

from loyalty.api.batches import BatchReport, create, rows_of, upsert
from loyalty.api.doors import Door
from loyalty.api.serializers import BatchReportSerializer


class ThrottledAtTheDoor(GenericViewSet[Any]):
    """Counts anonymous calls before it refuses them, so that guessing tokens is slow."""

    # What a key's scopes call it. A view that names nothing is closed to keys.
    noun = ""
    # Nothing that breaks an address or the database's text: a slash, or NUL.
    lookup_value_regex = r"[^/\x00]+"

    def perform_authentication(self, request: Request) -> None:
        try:
            super().perform_authentication(request)
        finally:
            if not request.user.is_authenticated:
                self._count_anonymous(request)

    @property
    def staff(self) -> User:
        """Who calls. Nobody anonymous comes as far as an action."""
        return cast("User", self.request.user)

    def _count_anonymous(self, request: Request) -> None:
        throttle = AnonRateThrottle()
        if not throttle.allow_request(request, self):
            raise Throttled(throttle.wait(), "Too many calls without a valid token.")


class ReadViewSet(ListModelMixin, RetrieveModelMixin, ThrottledAtTheDoor):
    pass


class ListViewSet(ListModelMixin, ThrottledAtTheDoor):
    pass


class NestedListViewSet(ListViewSet):
    """Rows of one other record, `parent`. An unknown one is the caller's mistake, not an empty list."""

    parent: str
    parent_key: str

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        return rows.filter(**{f"{self.parent}__{self.parent_key}": self.kwargs[self.parent_key]})

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rows: QuerySet[Any] = super().get_queryset()
        model: Any = rows.model._meta.get_field(self.parent).related_model
        get_object_or_404(model, **{self.parent_key: self.kwargs[self.parent_key]})
        return super().list(request, *args, **kwargs)


class NumberedViewSet(ReadViewSet):
    """Addressed by our own number."""

    lookup_value_regex = r"[0-9]{1,18}"


class BatchViewSet(ThrottledAtTheDoor):
    """Written through the import that files go through, too."""

    door: Door

    @extend_schema(summary="Add or change up to 1,000 rows", responses=BatchReportSerializer)
    @action(detail=False, methods=["post"], url_path="batch-upsert")
    def batch_upsert(self, request: Request) -> Response:
        results = upsert(self.door, rows_of(request.data), by=self.staff, at=timezone.now())
        return Response(BatchReportSerializer(BatchReport(results)).data)


class WrittenViewSet(ReadViewSet, BatchViewSet):
    """Read by key, and written one by one as well."""

    def create(self, request: Request) -> Response:
        key = create(self.door, request.data, by=self.staff, at=timezone.now())
        found = get_object_or_404(self.get_queryset(), **{self.lookup_field: key})
        return Response(self.get_serializer(found).data, status=status.HTTP_201_CREATED)
