from collections.abc import Callable
from datetime import datetime

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from loyalty.admin.records import LookOnlyAdmin, LookOnlyInline
from loyalty.models import Job, JobEntry
from loyalty.services import jobs
from loyalty.tasks import wake


class StepInline(LookOnlyInline):
    model = Job
    fk_name = "parent"
    verbose_name_plural = "steps"
    fields = ["position", "label", "state", "done", "total", "message"]
    ordering = ["position"]


class EntryInline(LookOnlyInline):
    model = JobEntry
    verbose_name_plural = "log"
    fields = ["at", "text"]


@admin.register(Job)
class JobAdmin(LookOnlyAdmin):
    list_display = ["label", "state", "progress", "started_by", "created_at", "finished_at", "attempt"]
    list_filter = ["state"]
    list_select_related = ["started_by"]
    search_fields = ["label__icontains"]
    date_hierarchy = "created_at"
    inlines = [StepInline, EntryInline]
    actions = ["cancel_selected", "retry_selected"]

    @admin.display(description="Done")
    def progress(self, job: Job) -> str:
        return f"{job.share_done:.0%}"

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("loyalty.change_job")

    @admin.action(description="Cancel selected jobs", permissions=["operate"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._each(request, queryset, _cancel, "Told to stop")

    @admin.action(description="Try selected jobs again", permissions=["operate"])
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._each(request, queryset, _retry, "Queued again")

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Job], act: Callable[[Job, datetime], None], told: str
    ) -> None:
        for job in queryset.order_by("id"):
            try:
                act(job, timezone.now())
            except (jobs.JobNotOpen, jobs.JobNotEnded) as refused:
                self.message_user(request, str(refused), messages.WARNING)
            else:
                self.message_user(request, f"{told}: “{job.label}”.", messages.SUCCESS)


def _cancel(job: Job, at: datetime) -> None:
    jobs.cancel(job, at=at)


@transaction.atomic
def _retry(job: Job, at: datetime) -> None:
    due = jobs.retry(job, at=at)
    transaction.on_commit(lambda: wake(due))


@admin.register(JobEntry)
class JobEntryAdmin(LookOnlyAdmin):
    list_display = ["job", "at", "text"]
    list_select_related = ["job"]
    search_fields = ["job__label__icontains", "text__icontains"]
    ordering = ["-id"]
