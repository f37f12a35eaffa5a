from typing import Any, NoReturn, cast
from urllib.parse import quote

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import Throttled
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from loyalty.api.batches import BatchReport, StillReferredTo, change, create, rows_of, upsert
from loyalty.api.doors import Door
from loyalty.api.etags import check_match, etag_of, is_known
from loyalty.api.once import OnceMixin
from loyalty.api.serializers import BatchReportSerializer
from loyalty.api.throttles import TOO_MANY, count_anonymous
from loyalty.services.budgets import Budget
from loyalty.services.ingest.writes import wait_for_imports
from loyalty.services.removal import HasHistory, remove_record


class ApiViewSet(OnceMixin, GenericViewSet[Any]):
    """Calls are counted: those of nobody before they are refused, so that guessing keys is slow."""

    # What a key's scopes call it. A view that names nothing is closed to keys.
    noun = ""
    # Nothing that breaks an address or the database's text: a slash, or NUL.
    lookup_value_regex = r"[^/\x00]+"
    budget: Budget | None = None

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

    def throttled(self, request: Request, wait: float | None) -> NoReturn:
        raise Throttled(wait, TOO_MANY)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        final = super().finalize_response(request, response, *args, **kwargs)
        for name, value in self.budget.headers.items() if self.budget else ():
            final[name] = value
        return final

    def _count_anonymous(self, request: Request) -> None:
        self.budget = count_anonymous(request)
        if not self.budget.is_granted:
            raise Throttled(self.budget.wait_seconds, "Too many calls without a valid key.")


class ReadViewSet(ListModelMixin, ApiViewSet):
    """One record comes with an ETag; a caller who has it already is told so and sent nothing."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.answer(self.represented(self.get_object()))

    def represented(self, record: Any) -> Any:
        return self.get_serializer(record).data

    def answer(self, representation: Any, code: int = status.HTTP_200_OK, **headers: str) -> Response:
        etag = etag_of(representation)
        if self.request.method in SAFE_METHODS and is_known(self.request, etag):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etag})
        return Response(representation, status=code, headers={"ETag": etag, **headers})


class ListViewSet(ListModelMixin, ApiViewSet):
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


class BatchViewSet(ApiViewSet):
    """Written through the import that files go through, too."""

    door: Door

    @extend_schema(summary="Add or change up to 1,000 rows", responses=BatchReportSerializer)
    @action(detail=False, methods=["post"], url_path="batch-upsert")
    def batch_upsert(self, request: Request) -> Response:
        results = upsert(self.door, rows_of(request.data), by=self.staff, at=timezone.now())
        return Response(BatchReport(results).told())


class WrittenViewSet(ReadViewSet, BatchViewSet):
    """Read by key, and written one by one as well."""

    def create(self, request: Request) -> Response:
        key = create(self.door, request.data, by=self.staff, at=timezone.now())
        found = get_object_or_404(self.get_queryset(), **{self.lookup_field: key})
        place = f"{request.path.rstrip('/')}/{quote(key, safe='')}"
        return self.answer(self.represented(found), status.HTTP_201_CREATED, Location=place)


class ChangedViewSet(WrittenViewSet):
    """Changed and taken back one by one, by callers who say with If-Match what they read."""

    def partial_update(self, request: Request, **kwargs: str) -> Response:
        with transaction.atomic():
            read = self.represented(self._held(request, no_key=True))
            change(self.door, read, request.data, by=self.staff, at=timezone.now())
            return self.answer(self.represented(self.get_object()))

    def destroy(self, request: Request, **kwargs: str) -> Response:
        with transaction.atomic():
            try:
                remove_record(self._held(request, no_key=False))
            except HasHistory as error:
                raise StillReferredTo(str(error)) from error
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _held(self, request: Request, *, no_key: bool) -> Any:
        """The record as the caller read it, kept as it is until the transaction ends."""
        # In this order, as the import does it, or the two could wait for each other.
        wait_for_imports(self.door.kind)
        rows = self.get_queryset().select_for_update(of=("self",), no_key=no_key)
        record = get_object_or_404(rows, **{self.lookup_field: self.kwargs[self.lookup_field]})
        check_match(request, self.represented(record))
        return record
