from django.db import models
from django.db.models import Q
from django.urls import reverse

from loyalty.models import Customer, Job
from recommender.models import ModelVersion


class Audience(models.Model):
    """Who a campaign reaches, frozen at `as_of`."""

    class Kind(models.TextChoices):
        EVERYBODY = "everybody", "Everybody"
        SEGMENT = "segment", "A segment"
        BEST = "best", "The people most likely to take it"
        IMPORTED = "imported", "The people it was really sent to"
        LOOKALIKE = "lookalike", "People like those on a list"
        PILOT = "pilot", "Some of them, drawn at random"

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=Kind)
    rule = models.JSONField(default=dict, blank=True, help_text="What was asked for, so that it can be built again.")
    as_of = models.DateTimeField()
    advice = models.CharField(max_length=300, blank=True, help_text="Recommended cut, or send to all, or to nobody.")
    findings = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="Who fell out where, who they are in words, shares by trait.",
    )
    # Campaign, moment, version and seed make the same list again.
    made_for = models.ForeignKey(
        "campaigns.Campaign", null=True, blank=True, on_delete=models.SET_NULL, related_name="audiences_made"
    )
    model_version = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="audiences"
    )
    seed = models.BigIntegerField(null=True, blank=True)
    customers = models.ManyToManyField(Customer, through="AudienceMember", related_name="audiences")
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="audiences")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("audience", args=[self.pk])


class AudienceMember(models.Model):
    """One customer of an audience: how likely, how sure, and why."""

    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="members", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="audience_memberships")
    position = models.PositiveIntegerField(null=True, blank=True, help_text="1 is the first to send to.")
    score = models.FloatField(null=True, blank=True, help_text="Chance of taking the offer.")
    score_low = models.FloatField(null=True, blank=True)
    score_high = models.FloatField(null=True, blank=True)
    # Only where people were ranked by what a trial says that a message changes.
    expected_effect = models.FloatField(null=True, blank=True, help_text="What it is expected to change, in outcomes.")
    effect_low = models.FloatField(null=True, blank=True)
    effect_high = models.FloatField(null=True, blank=True)
    expected_profit = models.FloatField(null=True, blank=True, help_text="In the campaign's currency.")
    reason = models.CharField(max_length=300, blank=True)
    channel = models.CharField(max_length=32, blank=True, default="", db_default="")
    sent_at = models.DateTimeField(null=True, blank=True)
    cost = models.DecimalField(
        max_digits=8, decimal_places=4, null=True, blank=True, help_text="Of this one send, where it is known."
    )
    propensity = models.FloatField(
        null=True, blank=True, help_text="The chance this customer had of being sent to, before it was drawn."
    )

    class Meta:
        ordering = ["audience", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["audience", "customer"], name="customer_in_audience_once"),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__gte=0, score__lte=1), name="score_is_a_chance"
            ),
            # Nobody without a chance was sent to, and an effect is weighed by one over it.
            models.CheckConstraint(
                condition=Q(propensity__gt=0, propensity__lte=1), name="send_propensity_is_a_chance"
            ),
            models.CheckConstraint(condition=Q(cost__gte=0), name="send_cost_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} in {self.audience_id}"
