from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from campaigns.admin.plans import CampaignAddForm
from campaigns.models import Campaign, CampaignOffer, Holdout
from campaigns.services.campaigns import CampaignInvalid, approve_campaign, create_campaign, submit_campaign
from loyalty.admin.records import LookOnlyInline, ManyRowsAdmin, OfCustomer, RecordAdmin


class CampaignOfferInline(LookOnlyInline):
    model = CampaignOffer
    fields = ["offer"]
    verbose_name_plural = "offers"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("offer", "campaign")


@admin.register(Campaign)
class CampaignAdmin(RecordAdmin):
    """Made by the browser's rules; after that it moves only by being submitted and approved."""

    list_display = ["name", "type", "state", "starts_at", "ends_at", "created_by", "approved_by", "budget", "currency"]
    list_filter = ["state", "type"]
    list_select_related = ["created_by", "approved_by"]
    search_fields = ["name__icontains", "external_id__exact"]
    date_hierarchy = "starts_at"
    inlines = [CampaignOfferInline]
    actions = ["submit_selected", "approve_selected"]

    def get_inlines(self, request: HttpRequest, obj: Campaign | None) -> Any:
        return self.inlines if obj else []

    def get_form(self, request: HttpRequest, obj: Campaign | None = None, change: bool = False, **kwargs: Any) -> Any:
        return CampaignAddForm if obj is None else super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        obj.pk = create_campaign(plan=form.plan(), by=cast("User", request.user), at=timezone.now()).pk
        obj.refresh_from_db()

    def has_change_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        return False

    def has_submit_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("campaigns.change_campaign")

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("campaigns.approve_campaign")

    @admin.action(description="Submit selected campaigns for review", permissions=["submit"])
    def submit_selected(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        self._each(request, queryset, submit_campaign, "Waits for approval")

    @admin.action(description="Approve selected campaigns", permissions=["approve"])
    def approve_selected(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        self._each(request, queryset, approve_campaign, "Approved")

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Campaign], act: Callable[..., Campaign], told: str
    ) -> None:
        for campaign in queryset.order_by("id"):
            try:
                act(campaign=campaign, by=request.user, at=timezone.now())
            except CampaignInvalid as refused:
                self.message_user(request, f"“{campaign}”: {refused.sentence}", messages.ERROR)
            else:
                self.message_user(request, f"{told}: “{campaign}”.", messages.SUCCESS)


@admin.register(CampaignOffer)
class CampaignOfferAdmin(ManyRowsAdmin):
    list_display = ["campaign", "offer"]
    list_select_related = ["campaign", "offer"]
    search_fields = ["campaign__name__icontains", "offer__external_id__exact"]


@admin.register(Holdout)
class HoldoutAdmin(OfCustomer, ManyRowsAdmin):
    list_display = ["campaign", "customer", "propensity"]
    list_select_related = ["campaign", "customer"]
