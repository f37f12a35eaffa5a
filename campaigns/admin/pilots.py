from django.contrib import admin

from campaigns.models import Pilot
from loyalty.admin.records import LookOnlyAdmin


@admin.register(Pilot)
class PilotAdmin(LookOnlyAdmin):
    list_display = ["campaign", "of", "simulation", "drawn_by", "drawn_at", "called_off_at"]
    list_select_related = ["campaign", "of", "simulation__campaign", "simulation__audience", "drawn_by"]
    search_fields = ["of__name__icontains", "campaign__name__icontains"]
