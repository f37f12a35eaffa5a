from django.db import models


class AuditEntry(models.Model):
    """One change of one row: who, when, what it held before and after. The database itself writes it and keeps it.

    A bulk load is one entry that counts its rows: what they held is in the tables, and before that there was nothing.
    """

    untracked = "It is the trail itself."

    class Via(models.TextChoices):
        WEB = "web", "in the browser"
        ADMIN = "admin", "in the administration"
        API = "api", "through the API"
        JOB = "job", "by a job"
        SYSTEM = "system", "by itself"
        DATABASE = "database", "directly in the database"

    class Action(models.TextChoices):
        CREATED = "created", "Added"
        CHANGED = "changed", "Changed"
        DELETED = "deleted", "Deleted"
        EMPTIED = "emptied", "Emptied"

    at = models.DateTimeField()
    # Plain numbers and names, no foreign keys: the trail must outlive the people and jobs it names.
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=150, blank=True)
    api_key = models.CharField(max_length=100, blank=True)
    via = models.CharField(max_length=16, choices=Via)
    job_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    transaction = models.BigIntegerField(help_text="The same for everything that was changed at once.")
    table = models.CharField(max_length=64)
    object_id = models.CharField(max_length=64, blank=True)
    object_key = models.CharField(max_length=200, blank=True, help_text="The name people know the row by.")
    action = models.CharField(max_length=16, choices=Action)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    n_rows = models.BigIntegerField(default=1)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["table", "object_id", "id"], name="trail_of_object"),
            models.Index(fields=["actor_id", "id"], name="trail_of_actor"),
            models.Index(fields=["transaction"], name="trail_of_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.table} {self.object_key or self.object_id}"
