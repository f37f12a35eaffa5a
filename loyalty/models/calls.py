"""What the API remembers of the calls it had."""

from django.db import models
from django.db.models.functions import Now


class AnsweredCall(models.Model):
    """The answer to a call that came with an Idempotency-Key, written in the same transaction as what the call did."""

    untracked = "It is what was answered; what was changed has a trail of its own."

    caller = models.CharField(max_length=40, help_text="The API key, or the person, that called.")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="Of the method, the address and the body.")
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    answered_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["answered_at"])]
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="call_answered_once")]

    def __str__(self) -> str:
        return f"{self.caller}: {self.key}"


class CallBudget(models.Model):
    """How far ahead of its steady rate a caller is. The table is unlogged: a crash of the database forgives."""

    untracked = "It counts calls, and only for a minute."

    caller = models.CharField(max_length=80, primary_key=True)
    spent_until = models.DateTimeField(help_text="When the calls made so far will be paid off.")

    class Meta:
        ordering = ["caller"]

    def __str__(self) -> str:
        return self.caller
