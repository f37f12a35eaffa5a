from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from campaigns.models.audiences import Audience
from campaigns.models.offers import Offer
from loyalty.models import Customer
from loyalty.models.products import CURRENCY

CHANNELS = {"mail": "Mail", "email": "E-mail", "sms": "Text message", "push": "App message"}


class Campaign(models.Model):
    """A planned communication. `[starts_at, ends_at)` is the window in which its offers can be taken."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_REVIEW = "in_review", "In review"
        APPROVED = "approved", "Approved"
        SCHEDULED = "scheduled", "Scheduled"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        COMPLETED = "completed", "Completed"
        CANCELLED = "cancelled", "Cancelled"

    # How the keys begin of campaigns that were made here and not imported.
    OWN = "own-"

    external_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    name = models.CharField(max_length=200)
    goal = models.CharField(max_length=300, blank=True)
    type = models.CharField(max_length=32, help_text="Campaigns of one type are compared with each other.")
    channel = models.CharField(max_length=32, default="mail")
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    offers = models.ManyToManyField(Offer, through="CampaignOffer", related_name="campaigns")
    audience = models.ForeignKey(Audience, null=True, blank=True, on_delete=models.PROTECT, related_name="campaigns")
    audience_rule = models.JSONField(default=dict, blank=True, help_text="Who it should reach, before it is frozen.")
    cost_per_contact = models.DecimalField(max_digits=8, decimal_places=4, null=True, blank=True)
    margin_share = models.DecimalField(max_digits=4, decimal_places=3, null=True, blank=True)
    budget = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    holdout_share = models.DecimalField(max_digits=4, decimal_places=3, default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="campaigns_made",
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="campaigns_approved",
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    review_comment = models.CharField(
        max_length=500, blank=True, default="", db_default="", help_text="What the reviewer asked to change."
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-starts_at", "-id"]
        permissions = [("approve_campaign", "Can approve a campaign made by somebody else")]
        indexes = [models.Index(fields=["starts_at"]), models.Index(fields=["state"])]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="campaign_window_not_empty"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | Q(created_by__isnull=True) | ~Q(approved_by=F("created_by")),
                name="author_does_not_approve",
            ),
            models.CheckConstraint(
                condition=Q(holdout_share__gte=0, holdout_share__lt=1), name="holdout_share_below_one"
            ),
            models.CheckConstraint(condition=Q(cost_per_contact__gte=0), name="contact_cost_not_negative"),
            models.CheckConstraint(
                condition=Q(margin_share__isnull=True) | Q(margin_share__gte=0, margin_share__lte=1),
                name="margin_is_a_share",
            ),
            models.CheckConstraint(condition=Q(budget__gte=0), name="budget_not_negative"),
            models.CheckConstraint(condition=Q(currency__regex=CURRENCY), name="campaign_currency_iso"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("campaign", args=[self.pk])

    @property
    def first_day(self) -> date:
        return timezone.localdate(self.starts_at)

    @property
    def last_day(self) -> date:
        """The last day on which an offer can be taken; the window itself ends where that day ends."""
        return timezone.localdate(self.ends_at - timedelta(microseconds=1))

    @property
    def channel_name(self) -> str:
        """The channel in words; one that an import brought keeps its own."""
        return CHANNELS.get(self.channel, self.channel)

    @property
    def n_days(self) -> int:
        return (self.last_day - self.first_day).days + 1


class Holdout(models.Model):
    """A customer kept out of a campaign on purpose, so that its effect can be told."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="holdouts", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="holdouts")
    propensity = models.FloatField(
        null=True, blank=True, help_text="The chance this customer had of being sent to, before it was drawn."
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "customer"], name="held_out_once"),
            # Who would have been sent to for certain was not held out by chance.
            models.CheckConstraint(
                condition=Q(propensity__gte=0, propensity__lt=1), name="holdout_propensity_is_a_chance"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} kept out of {self.campaign_id}"


class CampaignOffer(models.Model):
    """An offer that a campaign makes."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="campaign_offers", db_index=False)
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="campaign_offers")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["campaign", "offer"], name="campaign_makes_offer_once")]

    def __str__(self) -> str:
        return f"{self.offer_id} in {self.campaign_id}"
