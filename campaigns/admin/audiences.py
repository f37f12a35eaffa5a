from django.contrib import admin

from campaigns.models import Audience, AudienceMember
from loyalty.admin.records import LookOnlyAdmin, ManyRowsAdmin, OfCustomer


@admin.register(Audience)
class AudienceAdmin(LookOnlyAdmin):
    list_display = ["name", "kind", "as_of", "advice", "created_at"]
    list_filter = ["kind"]
    search_fields = ["name__icontains"]
    fields = ["name", "kind", "rule", "as_of", "advice", "made_for", "model_version", "seed", "job", "created_at"]


@admin.register(AudienceMember)
class AudienceMemberAdmin(OfCustomer, ManyRowsAdmin):
    list_display = ["audience", "position", "customer", "score", "score_low", "score_high", "expected_profit", "reason"]
    list_select_related = ["audience", "customer"]
