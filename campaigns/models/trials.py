from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse

from loyalty.models import Customer, Job


class Trial(models.Model):
    """A finished randomised campaign, our own or somebody else's: who was in which group by chance, what they did."""

    class State(models.TextChoices):
        DRAFT = "draft", "Being prepared"
        WAITING = "waiting", "Being read"
        DONE = "done", "Read"
        FAILED = "failed", "Could not be read"

    name = models.CharField(max_length=120, unique=True)
    source = models.CharField(max_length=200, help_text="File name, or the name of the system that called.")
    fingerprint = models.CharField(max_length=64, help_text="The same file has the same one.")
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT)
    plan = models.JSONField(default=dict, blank=True, help_text="Which column is which, and what is compared.")
    outcome_name = models.CharField(max_length=64, blank=True)
    feature_names = models.JSONField(default=list, blank=True, help_text="What was known of people before.")
    n_people = models.BigIntegerField(default=0)
    n_rejected = models.BigIntegerField(default=0)
    n_customers = models.BigIntegerField(default=0, help_text="Of its people, how many are customers of this shop.")
    starts_at = models.DateTimeField(null=True, blank=True, help_text="What was known before it ends here.")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="What people did was counted until here.")
    contact_cost = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    outcome_value = models.DecimalField(
        max_digits=12, decimal_places=4, null=True, blank=True, help_text="What one outcome is worth."
    )
    currency = models.CharField(max_length=3, default="USD")
    results = models.JSONField(default=dict, blank=True, help_text="Effects, learners, gate and advice, as computed.")
    note = models.TextField(blank=True)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="trials")
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(contact_cost__gte=0), name="trial_contact_cost_not_negative"),
            models.CheckConstraint(condition=Q(outcome_value__gt=0), name="trial_outcome_is_worth_something"),
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="trial_ends_after_its_start"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("trial", args=[self.pk])

    @property
    def is_open(self) -> bool:
        """Whether somebody is still at it."""
        return self.state == self.State.WAITING

    @property
    def readouts(self) -> list[dict[str, Any]]:
        """What is known of targeting each arm; empty while nothing may be read out."""
        found: list[dict[str, Any]] = self.results.get("readouts", [])
        return found


class TrialArm(models.Model):
    """A group that chance made. Position 0 is the control."""

    untracked = "It is part of the record of a trial."

    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="arms")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    planned_share = models.FloatField(null=True, blank=True, help_text="Empty where the plan is not known.")
    n_people = models.BigIntegerField()

    class Meta:
        ordering = ["trial", "position"]
        constraints = [
            models.UniqueConstraint(fields=["trial", "position"], name="one_arm_a_position"),
            models.UniqueConstraint(fields=["trial", "name"], name="arm_named_once_a_trial"),
        ]

    def __str__(self) -> str:
        return self.name


class UpliftModel(models.Model):
    """What ranks customers by what one arm of a trial changes, learnt from those of its people who are customers.

    Never changed: an audience that was ranked by it can be built again.
    """

    untracked = "It is learnt again from the people of its trial and its seed."

    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="uplift_models")
    arm = models.ForeignKey(TrialArm, on_delete=models.CASCADE, related_name="uplift_models")
    is_open = models.BooleanField(help_text="Whether the gate lets customers be ranked by it.")
    is_current = models.BooleanField(default=True, help_text="Whether it is of the newest reading of its trial.")
    n_customers = models.BigIntegerField(help_text="It was learnt from.")
    findings = models.JSONField(default=dict, help_text="Gate, gain and group on what the shop knows of everybody.")
    params = models.JSONField(default=dict)
    arrays = models.BinaryField(help_text="An .npz: slopes, trees, and the range that was seen.")
    fingerprint = models.CharField(max_length=64, help_text="Of parameters and arrays: the same ones, the same model.")
    seed = models.BigIntegerField()
    code_version = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["arm", "fingerprint"], name="one_uplift_model_a_fingerprint"),
        ]

    def __str__(self) -> str:
        return f"What “{self.arm}” changed in the trial “{self.trial}”"


class TrialPerson(models.Model):
    """One row of a trial. People of somebody else's trial are no customers; ours are tied by their external id."""

    untracked = "It is part of the record of a trial."

    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="people", db_index=False)
    row = models.BigIntegerField(help_text="Line of the file, the heading being line 1.")
    # Who is erased leaves every trial; what the trial said stays.
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.CASCADE, related_name="trial_rows")
    group = models.BigIntegerField(help_text="Rows with the same number went into an arm together.")
    arm = models.PositiveSmallIntegerField()
    outcome = models.FloatField()
    value = models.FloatField(help_text="Money that came; 0 where none was counted.")
    attributed = models.FloatField(help_text="Money that was credited to the campaign.")
    propensity = ArrayField(models.FloatField(), default=list, help_text="Chance of each arm; empty: as planned.")
    features = ArrayField(models.FloatField(), default=list)
    expected_effect = models.FloatField(null=True, blank=True, help_text="Of the best arm, in outcomes.")

    class Meta:
        ordering = ["trial", "row"]
        constraints = [models.UniqueConstraint(fields=["trial", "row"], name="one_person_a_row")]

    def __str__(self) -> str:
        return f"Row {self.row}"


class TrialRejection(models.Model):
    """A row of the file that was not taken: where it stood, what was wrong, what to do."""

    untracked = "It is part of the record of a trial."

    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="rejections", db_index=False)
    line = models.BigIntegerField()
    column = models.CharField(max_length=64, blank=True)
    value = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ["trial", "line"]
        constraints = [models.UniqueConstraint(fields=["trial", "line", "column"], name="trial_row_rejected_once")]

    def __str__(self) -> str:
        return f"Line {self.line}, {self.column}: {self.reason}"
