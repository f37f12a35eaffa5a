from django.db import models
from django.db.models import F, Q

from loyalty.models.customers import Customer
from loyalty.models.products import Product


class Review(models.Model):
    """What somebody wrote about a product, and how it sounds.

    `sentiment` is read from the words alone, not from the stars, so that the two can be held against each other.
    """

    external_id = models.CharField(max_length=100)
    source = models.CharField(max_length=32)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="reviews")
    customer = models.ForeignKey(
        Customer,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="reviews",
        help_text="Empty when it was written without a name.",
    )
    title = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True)
    language = models.CharField(max_length=8, blank=True)
    rating = models.FloatField(null=True, blank=True, help_text="Between -1 (against) and 1 (for).")
    raw_rating = models.FloatField(null=True, blank=True, help_text="As it was given, on its own scale.")
    scale_min = models.FloatField(null=True, blank=True)
    scale_max = models.FloatField(null=True, blank=True)
    reviewed_at = models.DateTimeField()
    sentiment = models.FloatField(null=True, blank=True, help_text="Between -1 (against) and 1 (for).")
    sentiment_version = models.CharField(max_length=64, blank=True, default="", db_default="")
    # What was read, so that a text that is corrected later is read again.
    sentiment_of = models.CharField(max_length=32, blank=True, default="", db_default="")

    class Meta:
        ordering = ["-reviewed_at", "-id"]
        indexes = [models.Index(fields=["product", "reviewed_at"])]
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="review_told_once"),
            models.CheckConstraint(condition=Q(rating__gte=-1, rating__lte=1), name="review_rating_in_range"),
            models.CheckConstraint(condition=Q(scale_max__gt=F("scale_min")), name="review_scale_not_empty"),
            models.CheckConstraint(condition=Q(sentiment__gte=-1, sentiment__lte=1), name="review_sentiment_in_range"),
        ]

    def __str__(self) -> str:
        return self.title or f"Review {self.external_id}"


class SentimentReader(models.Model):
    """How reviews are read: learnt from the shop's own rated reviews, and whether that beats the list of words."""

    untracked = "It is made by learning, never by hand, and holds numbers that say nothing to people."

    label = models.CharField(max_length=64, unique=True)
    params = models.JSONField(default=dict)
    # A quarter of a megabyte of numbers: beside its own row it cannot get lost or mixed up.
    arrays = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    metrics = models.JSONField(default=dict, help_text="{name: {value, low, high}}, cross-validated by product.")
    verdict = models.CharField(max_length=300)
    serves = models.BooleanField(default=False)
    n_reviews = models.PositiveIntegerField()
    learnt_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["serves"], condition=Q(serves=True), name="one_serving_sentiment_reader"),
        ]

    def __str__(self) -> str:
        return self.label
