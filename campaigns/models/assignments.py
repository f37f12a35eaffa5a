from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from campaigns.models.campaigns import Campaign
from campaigns.models.offers import Offer
from loyalty.models import Customer, Job
from recommender.models import ModelVersion


class OfferPolicy(models.Model):
    """How a campaign gives out its offers, one for each customer or a few."""

    class Mode(models.TextChoices):
        SUGGEST = "suggest", "Suggest, and I decide"
        AUTOMATIC = "automatic", "Assign by itself"

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="offer_policy")
    mode = models.CharField(max_length=16, choices=Mode, default=Mode.SUGGEST)
    offers_per_customer = models.PositiveSmallIntegerField(default=1)
    contacts_at_most = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Campaigns a customer may get in the days below; empty means any number."
    )
    contact_days = models.PositiveSmallIntegerField(default=30)

    class Meta:
        verbose_name_plural = "offer policies"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(offers_per_customer__gte=1, offers_per_customer__lte=20), name="offers_a_customer_in_range"
            ),
            models.CheckConstraint(condition=Q(contacts_at_most__gte=1), name="contact_cap_at_least_one"),
            models.CheckConstraint(
                condition=Q(contact_days__gte=1, contact_days__lte=365), name="contact_days_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_mode_display()}: {self.campaign_id}"


class OfferRound(models.Model):
    """One time that a campaign's offers were given out: by what, as of when, what the limits cost."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="offer_rounds")
    mode = models.CharField(max_length=16, choices=OfferPolicy.Mode)
    model_version = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="offer_rounds"
    )
    as_of = models.DateTimeField(help_text="Nothing at or after this moment was known to it.")
    n_customers = models.PositiveIntegerField(help_text="Customers who were looked at.")
    n_assigned = models.PositiveIntegerField(help_text="Customers who got at least one offer.")
    value = models.FloatField(help_text="Expected of all its offers together, contacts paid.")
    value_low = models.FloatField()
    value_high = models.FloatField()
    bound = models.FloatField(help_text="No way to give out these offers within the limits is worth more.")
    currency = models.CharField(max_length=3)
    advice = models.CharField(max_length=300)
    evidence = models.JSONField(
        default=dict, help_text="What chances rest on, what each limit costs, who got no offer."
    )
    offer_ids = ArrayField(models.BigIntegerField(), help_text="The order of the columns of its decisions.")
    job = models.OneToOneField(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="offer_round")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(value_low__lte=F("value_high")), name="round_value_interval_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}, as of {self.as_of:%Y-%m-%d}"


class OfferDecision(models.Model):
    """Why one customer got, or did not get, each offer of a round: where each offer stopped, and its worth."""

    untracked = "It can be computed again at any time."

    round = models.ForeignKey(OfferRound, on_delete=models.CASCADE, related_name="decisions", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="offer_decisions")
    gates = ArrayField(models.SmallIntegerField(), help_text="The gate each offer of the round stopped at.")
    chances = ArrayField(models.FloatField())
    values = ArrayField(models.FloatField())

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["round", "customer"], name="decided_once_a_round")]

    def __str__(self) -> str:
        return f"{self.customer_id} in {self.round_id}"


class OfferAssignment(models.Model):
    """The offer for one customer: the next best offer, with what is expected of it and why."""

    class Status(models.TextChoices):
        SUGGESTED = "suggested", "Suggested"
        ACCEPTED = "accepted", "Accepted"
        AUTOMATIC = "automatic", "Assigned by itself"
        ISSUED = "issued", "Issued"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Expired"

    LIVE = (Status.SUGGESTED, Status.ACCEPTED, Status.AUTOMATIC, Status.ISSUED)
    # What the shop may show or send; a suggestion waits for somebody's word.
    FIRM = (Status.ACCEPTED, Status.AUTOMATIC, Status.ISSUED)

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="offer_assignments", db_index=False)
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="assignments")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="offer_assignments")
    round = models.ForeignKey(OfferRound, on_delete=models.CASCADE, related_name="assignments")
    model_version = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="offer_assignments"
    )
    status = models.CharField(max_length=16, choices=Status)
    position = models.PositiveSmallIntegerField(help_text="1 is the best of this customer's offers of the campaign.")
    score = models.FloatField(help_text="Chance of taking it.")
    score_low = models.FloatField(null=True, blank=True)
    score_high = models.FloatField(null=True, blank=True)
    baseline_score = models.FloatField(help_text="The same chance by the average of the campaign's type.")
    expected_value = models.FloatField(help_text="What it is expected to leave, its share of the contact paid.")
    has_little_history = models.BooleanField(default=False)
    reason = models.CharField(max_length=300)
    expires_at = models.DateTimeField()
    made_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="offers_decided"
    )
    note = models.CharField(max_length=200, blank=True, help_text="Why it was withdrawn.")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["campaign", "status"]),
            models.Index(
                fields=["expires_at"],
                condition=Q(status__in=["suggested", "accepted", "automatic", "issued"]),
                name="live_assignment_expires",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "customer", "position"],
                condition=Q(status__in=["suggested", "accepted", "automatic", "issued"]),
                name="one_live_offer_a_position",
            ),
            models.UniqueConstraint(
                fields=["campaign", "customer", "offer"],
                condition=Q(status__in=["suggested", "accepted", "automatic", "issued"]),
                name="offer_live_once_a_customer",
            ),
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=1), name="assignment_score_is_a_chance"),
            models.CheckConstraint(condition=Q(position__gte=1), name="assignment_position_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.offer_id} for {self.customer_id}"
