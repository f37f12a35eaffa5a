from django.contrib import admin

from campaigns.models import IncentiveChoice, IncentivePlan
from loyalty.admin.records import LookOnlyAdmin, ManyRowsAdmin, OfCustomer


@admin.register(IncentivePlan)
class IncentivePlanAdmin(LookOnlyAdmin):
    list_display = ["campaign", "as_of", "n_customers", "n_given", "value", "value_low", "value_high", "shadow_price"]
    list_select_related = ["campaign"]
    search_fields = ["campaign__name__icontains"]


@admin.register(IncentiveChoice)
class IncentiveChoiceAdmin(OfCustomer, ManyRowsAdmin):
    list_display = ["plan", "customer", "benefit", "chance", "smallest_chance", "value"]
    list_select_related = ["plan__campaign", "customer"]
