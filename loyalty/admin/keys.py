from typing import Any, ClassVar

from django.contrib import admin

from loyalty.admin.records import LookOnlyAdmin
from loyalty.models import AnsweredCall, ApiKey, CallBudget


@admin.register(ApiKey)
class ApiKeyAdmin(LookOnlyAdmin):
    """Whose keys there are. Each person makes and takes away their own; closing an account ends all of its keys."""

    list_display = ["name", "user", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"]
    list_select_related = ["user"]
    search_fields = ["name__icontains", "prefix__startswith"]
    exclude: ClassVar[list[Any]] = ["secret_sha256"]


@admin.register(AnsweredCall)
class AnsweredCallAdmin(LookOnlyAdmin):
    list_display = ["caller", "key", "status", "answered_at"]
    search_fields = ["caller__startswith", "key__startswith"]
    exclude: ClassVar[list[Any]] = ["body"]


@admin.register(CallBudget)
class CallBudgetAdmin(LookOnlyAdmin):
    list_display = ["caller", "spent_until"]
    search_fields = ["caller__startswith"]
