"""What was found in the data, beside the data: facts are never overwritten, and every finding can be made again."""

from django.conf import settings
from django.db import models

from loyalty.models.jobs import Job


class DataReport(models.Model):
    """What the tables held at one moment: the audit and the findings of cleaning, as numbers that people read."""

    untracked = "It can be made again at any time."

    as_of = models.DateTimeField(help_text="Nothing later than this was looked at.")
    made_at = models.DateTimeField()
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="data_reports")
    last_order_id = models.BigIntegerField(default=0)
    last_ingest_run_id = models.BigIntegerField(default=0)
    audit = models.JSONField(default=dict)
    findings = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Data as of {self.as_of:%Y-%m-%d %H:%M}"


class DataFlag(models.Model):
    """A record that something is odd about, with the reason. The record itself stays as it came."""

    untracked = "It can be found again at any time; what people decide about it is tracked."

    class Check(models.TextChoices):
        QUANTITY = "quantity", "Far more pieces than usual"
        PRICE = "price", "A price far from the usual"
        RESELLER = "reseller", "A customer who buys like a reseller"
        REPEATED_LINE = "repeated-line", "The same line twice in an order"
        REPEATED_ORDER = "repeated-order", "The same order under two keys"
        REPEATED_CUSTOMER = "repeated-customer", "Probably the same customer twice"
        DATE = "date", "A date that cannot be"
        UNIT = "unit", "Not counted in pieces"
        NON_PRODUCT = "non-product", "Not a product"

    # About these people decide; the finding counts until somebody says that it is wrong.
    DECIDED_BY_PEOPLE = [Check.UNIT, Check.NON_PRODUCT]

    check_name = models.CharField(max_length=24, choices=Check)
    table = models.CharField(max_length=32, help_text="Name of the model, in small letters.")
    record_id = models.BigIntegerField()
    value = models.FloatField(null=True, blank=True)
    limit = models.FloatField(null=True, blank=True)
    other_id = models.BigIntegerField(null=True, blank=True, help_text="The record it repeats.")
    suggestion = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["table", "record_id"], name="flags_of_a_record")]
        constraints = [
            models.UniqueConstraint(fields=["check_name", "table", "record_id"], name="flagged_once_a_check"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.record_id}: {self.reason}"


class FlagDecision(models.Model):
    """What somebody decided about a finding. It outlives the finding, which is made anew each time."""

    class Verdict(models.TextChoices):
        CONFIRMED = "confirmed", "Confirmed"
        REJECTED = "rejected", "Rejected"

    check_name = models.CharField(max_length=24, choices=DataFlag.Check)
    table = models.CharField(max_length=32)
    record_id = models.BigIntegerField()
    verdict = models.CharField(max_length=16, choices=Verdict)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["check_name", "table", "record_id"], name="decided_once_a_finding"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.record_id} {self.check_name}: {self.verdict}"


class CleanedValue(models.Model):
    """What stands in for a value that is missing, how it was found, and from data up to when."""

    untracked = "It can be computed again at any time."

    table = models.CharField(max_length=32, help_text="Name of the model, in small letters.")
    record_id = models.BigIntegerField()
    field = models.CharField(max_length=32)
    value = models.CharField(max_length=100)
    method = models.CharField(max_length=60)
    as_of = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["table", "field", "record_id"], name="one_cleaned_value_a_field"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.record_id}.{self.field} = {self.value} ({self.method})"
