"""What every table of the admin has in common: no page reads a large table to its end."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.paginator import Paginator
from django.db.models import BaseConstraint, Model
from django.http import HttpRequest
from django.utils.functional import cached_property

from loyalty.queries.sizes import COUNT_UP_TO, bounded_count, estimated_count


class LargeTablePaginator(Paginator):  # type: ignore[type-arg]
    """Exact where that is quick. A whole large table is estimated; a filtered one is counted up to a bound."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        if not rows.query.where:
            estimate = estimated_count(rows.model)
            if estimate > COUNT_UP_TO:
                return estimate
        return bounded_count(rows)


class RecordForm(forms.ModelForm):  # type: ignore[type-arg]
    """Says what a broken constraint means, instead of its name."""

    sentences: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def _update_errors(self, errors: ValidationError) -> None:
        # Django tells a broken constraint by its name, an engineer's word; that message is the only trace of it.
        stock = str(BaseConstraint.default_violation_error_message)
        told = {stock % {"name": name}: place for name, place in self.sentences.items()}
        for error in errors.error_dict.pop(NON_FIELD_ERRORS, []):
            field, sentence = told.get(str(error.message), (None, error))
            self.add_error(field if field in self.fields else None, sentence)
        super()._update_errors(errors)  # type: ignore[misc]


class RecordAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = RecordForm
    paginator = LargeTablePaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 200


class LookOnly:
    """Rows that are made by work, not by hand: a forecast that can be edited is no forecast."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class LookOnlyAdmin(LookOnly, RecordAdmin):
    pass


class ManyRowsAdmin(LookOnlyAdmin):
    """A table too large to be put into another order than the one it was written in."""

    ordering = ["-id"]
    sortable_by: ClassVar[list[str]] = []


class OfCustomer(RecordAdmin):
    """Found by whom its rows are about."""

    search_fields = ["customer__external_id__exact"]
    search_help_text = "External id of the customer"


class OfProduct(RecordAdmin):
    """Found by what its rows are about."""

    search_fields = ["product__sku__exact"]
    search_help_text = "SKU of the product"


class LookOnlyInline(LookOnly, admin.TabularInline):  # type: ignore[type-arg]
    extra = 0
    show_change_link = True
