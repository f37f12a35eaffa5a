from django.contrib import admin

from campaigns.models import Trial, TrialArm, TrialPerson, TrialRejection, UpliftModel
from loyalty.admin.records import LookOnlyAdmin, LookOnlyInline, ManyRowsAdmin


class TrialArmInline(LookOnlyInline):
    model = TrialArm
    fields = ["position", "name", "planned_share", "n_people"]


@admin.register(Trial)
class TrialAdmin(LookOnlyAdmin):
    list_display = ["name", "state", "n_people", "n_rejected", "outcome_name", "created_at", "read_at"]
    list_filter = ["state"]
    search_fields = ["name__icontains", "source__icontains"]
    date_hierarchy = "created_at"
    inlines = [TrialArmInline]


@admin.register(TrialArm)
class TrialArmAdmin(LookOnlyAdmin):
    list_display = ["trial", "position", "name", "n_people", "planned_share"]
    list_select_related = ["trial"]
    search_fields = ["trial__name__icontains", "name__icontains"]


@admin.register(TrialPerson)
class TrialPersonAdmin(ManyRowsAdmin):
    list_display = ["trial", "row", "customer", "arm", "outcome", "value", "expected_effect"]
    list_select_related = ["trial", "customer"]
    search_fields = ["customer__external_id__exact"]
    search_help_text = "External id of the customer"


@admin.register(TrialRejection)
class TrialRejectionAdmin(ManyRowsAdmin):
    list_display = ["trial", "line", "column", "value", "reason"]
    list_select_related = ["trial"]
    search_fields = ["trial__name__icontains"]


@admin.register(UpliftModel)
class UpliftModelAdmin(LookOnlyAdmin):
    list_display = ["trial", "arm", "is_open", "is_current", "n_customers", "code_version", "made_at"]
    list_select_related = ["trial", "arm"]
    list_filter = ["is_open", "is_current"]
    search_fields = ["trial__name__icontains", "arm__name__icontains"]
    exclude = ["params", "arrays"]
