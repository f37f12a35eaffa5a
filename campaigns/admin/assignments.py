from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from campaigns.models import OfferAssignment, OfferDecision, OfferPolicy, OfferRound
from campaigns.services.offer_decisions import CannotDecide, decide_offers
from loyalty.admin.records import LookOnlyAdmin, ManyRowsAdmin, OfCustomer

Status = OfferAssignment.Status


@admin.register(OfferAssignment)
class OfferAssignmentAdmin(ManyRowsAdmin):
    """Made by a round; people only say what becomes of them."""

    list_display = ["customer", "offer", "campaign", "status", "score", "expected_value", "reason", "expires_at"]
    list_filter = ["status"]
    list_select_related = ["customer", "offer", "campaign"]
    search_fields = ["customer__external_id__exact", "offer__external_id__exact"]
    search_help_text = "External id of the customer or of the offer"
    actions = ["accept_selected", "issue_selected", "withdraw_selected"]

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("campaigns.change_offerassignment")

    @admin.action(description="Accept selected offers", permissions=["decide"])
    def accept_selected(self, request: HttpRequest, queryset: QuerySet[OfferAssignment]) -> None:
        self._decide(request, queryset, Status.ACCEPTED)

    @admin.action(description="Mark selected offers as issued", permissions=["decide"])
    def issue_selected(self, request: HttpRequest, queryset: QuerySet[OfferAssignment]) -> None:
        self._decide(request, queryset, Status.ISSUED)

    @admin.action(description="Withdraw selected offers", permissions=["decide"])
    def withdraw_selected(self, request: HttpRequest, queryset: QuerySet[OfferAssignment]) -> None:
        self._decide(request, queryset, Status.WITHDRAWN)

    def _decide(self, request: HttpRequest, queryset: QuerySet[OfferAssignment], to: Status) -> None:
        try:
            n = decide_offers(assignments=queryset, to=to, by=cast("User", request.user), at=timezone.now())
        except CannotDecide as refused:
            self.message_user(request, str(refused), messages.ERROR)
        else:
            self.message_user(request, f"{to.label}: {n} offers.", messages.SUCCESS)


@admin.register(OfferRound)
class OfferRoundAdmin(LookOnlyAdmin):
    list_display = ["campaign", "mode", "as_of", "n_customers", "n_assigned", "value", "value_low", "value_high"]
    list_filter = ["mode"]
    list_select_related = ["campaign"]
    search_fields = ["campaign__name__icontains"]
    ordering = ["-id"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name for name in super().get_fields(request, obj) if name != "offer_ids"]


@admin.register(OfferPolicy)
class OfferPolicyAdmin(LookOnlyAdmin):
    list_display = ["campaign", "mode", "offers_per_customer", "contacts_at_most", "contact_days"]
    list_filter = ["mode"]
    list_select_related = ["campaign"]
    search_fields = ["campaign__name__icontains"]


@admin.register(OfferDecision)
class OfferDecisionAdmin(OfCustomer, ManyRowsAdmin):
    list_display = ["customer", "round"]
    list_select_related = ["customer", "round__campaign"]
    fields = ["round", "customer"]
