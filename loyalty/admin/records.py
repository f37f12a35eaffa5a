"""What every table of the admin has in common: no page reads a large table to its end."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
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

    def validate_constraints(self) -> None:
        for model, constraints in self.instance.get_constraints():
            for constraint in constraints:
                self._validate_constraint(model, constraint)

    def _validate_constraint(self, model: type[Model], constraint: BaseConstraint) -> None:
        try:
            constraint.validate(model, self.instance, exclude=self._get_validation_exclusions())  # type: ignore[attr-defined]
        except ValidationError as broken:
            field, sentence = self.sentences.get(constraint.name, (None, broken))
            self.add_error(field if field in self.fields else None, sentence)


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


class LookOnlyInline(LookOnly, admin.TabularInline):  # type: ignore[type-arg]
    extra = 0
    show_change_link = True
