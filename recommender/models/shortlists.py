import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from loyalty.models import Customer
from recommender.models.versions import ModelVersion


class ScoringRun(models.Model):
    """One time that a version scored the customers: what it knew, and the tables that answer requests beside it."""

    untracked = "It can be computed again at any time."

    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="scoring_runs")
    as_of = models.DateTimeField()
    key = models.CharField(max_length=100, unique=True, help_text="The same key is the same run, however often begun.")
    begun_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True, help_text="Empty: some shards are still to come.")
    neighbours = models.CharField(max_length=200, help_text="Folder below ARTEFACT_DIR.")
    neighbours_sha256 = models.CharField(max_length=64)
    cold_start = models.CharField(
        max_length=200, blank=True, default="", help_text="Folder of what serves new customers and new products."
    )
    cold_start_sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.model_version}, scored as of {self.as_of:%-d %B %Y}"


class Shortlist(models.Model):
    """What one version would show to a customer, longer than any place is, so that there is something to choose from.

    One row a customer, its lists by place, best first: a request reads it by its key. What changed since is read from
    the purchases themselves, when the customer's stamp is another one than it was here.
    """

    untracked = "It can be computed again at any time."

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="shortlists")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="shortlists", db_index=False)
    run = models.ForeignKey(ScoringRun, on_delete=models.CASCADE, related_name="shortlists")
    product_ids = ArrayField(models.BigIntegerField())
    scores = ArrayField(models.FloatField())
    because_ids = ArrayField(models.BigIntegerField(), help_text="The purchase that speaks for it; -1: none does.")
    times_bought = ArrayField(models.IntegerField())
    last_bought_on = ArrayField(models.DateField(null=True))
    done_with_ids = ArrayField(
        models.BigIntegerField(), help_text="Bought, and hardly anybody buys them a second time."
    )
    traits = ArrayField(
        models.CharField(max_length=300),
        default=list,
        blank=True,
        help_text="Where nothing was bought: the trait that speaks for each product, as kind=value; else empty.",
    )
    new_ids = ArrayField(models.BigIntegerField(), default=list, blank=True, help_text="Products few can have bought.")
    stamp = models.CharField(max_length=300, help_text="Of what the customer did, read before the purchases were.")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["model_version", "customer"], name="one_shortlist_a_version"),
        ]

    def __str__(self) -> str:
        return f"{len(self.product_ids)} products for {self.customer_id}"


class ServedList(models.Model):
    """A list as it was given out, so that clicks and orders that name it later can be laid beside it."""

    untracked = "It is a log, forgotten after a while."

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="served_lists")
    placement = models.CharField(max_length=32)
    source = models.CharField(max_length=16, help_text="What it was made of.")
    model_version = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="served_lists"
    )
    product_ids = ArrayField(models.BigIntegerField(), help_text="Best first.")
    session = ArrayField(models.CharField(max_length=64), default=list, help_text="What was being looked at, by SKU.")
    served_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-served_at"]

    def __str__(self) -> str:
        return f"{len(self.product_ids)} products for {self.placement}"
