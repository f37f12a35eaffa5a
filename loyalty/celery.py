"""The Celery application. PostgreSQL holds the work (see loyalty.services.jobs); Celery only wakes a worker."""

from celery import Celery

app = Celery("rehearsal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
