from django.db import models
from django.db.models import F, Q

from loyalty.models import Customer, Job, Product


class ModelVersion(models.Model):
    """A learned thing, never changed after training; only its alias moves."""

    class Purpose(models.TextChoices):
        RECOMMENDATION = "recommendation", "What a customer may buy next"
        PRODUCT_RELATION = "product_relation", "Which products go together"
        RECEPTION = "reception", "Who would take an offer"

    class Alias(models.TextChoices):
        CHAMPION = "champion", "In use"
        CHALLENGER = "challenger", "Compared"
        NONE = "", "Kept"

    purpose = models.CharField(max_length=32, choices=Purpose)
    algorithm = models.CharField(max_length=64)
    label = models.CharField(max_length=100, help_text="What a marketer would call it.")
    alias = models.CharField(max_length=16, choices=Alias, blank=True, default=Alias.NONE)
    is_baseline = models.BooleanField(default=False)
    params = models.JSONField(default=dict)
    metrics = models.JSONField(
        default=dict, help_text="{metric: {value, low, high}} on the part that tuning never saw."
    )
    learning_curve = models.JSONField(default=list)
    verdict = models.CharField(max_length=300, blank=True, help_text="Why it serves, or does not.")
    data_from = models.DateTimeField(null=True, blank=True)
    data_until = models.DateTimeField()
    data_fingerprint = models.CharField(max_length=64)
    seed = models.BigIntegerField()
    code_version = models.CharField(max_length=64)
    fit_seconds = models.FloatField()
    artefact = models.CharField(max_length=200, help_text="Folder below ARTEFACT_DIR.")
    artefact_sha256 = models.CharField(max_length=64)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="model_versions")
    trained_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["purpose"], condition=Q(alias="champion"), name="one_champion_a_purpose"),
        ]

    def __str__(self) -> str:
        return f"{self.label}, version {self.pk}"


class Recommendation(models.Model):
    """A product offered to a customer by one version, with the reason."""

    untracked = "It can be computed again at any time."

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="recommendations")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="recommendations")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="recommendations")
    rank = models.PositiveSmallIntegerField()
    score = models.FloatField()
    reason = models.CharField(max_length=300)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["customer", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "model_version", "rank"], name="one_product_a_rank"),
            models.UniqueConstraint(fields=["model_version", "customer", "product"], name="recommended_once"),
            models.CheckConstraint(condition=Q(rank__gte=1), name="rank_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.product_id} for {self.customer_id}"


class ProductRelation(models.Model):
    """How one product stands to another, with the evidence."""

    untracked = "It can be computed again at any time."

    class Kind(models.TextChoices):
        SIMILAR = "similar", "Similar"
        SUBSTITUTE = "substitute", "Instead of it"
        COMPLEMENT = "complement", "Together with it"
        UPSELL = "upsell", "A better one"

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="relations")
    other = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="related_from")
    kind = models.CharField(max_length=16, choices=Kind)
    score = models.FloatField()
    evidence = models.JSONField(default=dict)
    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="product_relations")

    class Meta:
        ordering = ["product", "-score"]
        constraints = [
            models.UniqueConstraint(fields=["product", "other", "kind", "model_version"], name="related_once"),
            models.CheckConstraint(condition=~Q(product=F("other")), name="not_related_to_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.kind} {self.other_id}"


class DecayChoice(models.Model):
    """How fast purchases grow old for one task, as one search over earlier windows found it. Never changed."""

    class Task(models.TextChoices):
        BUY_AGAIN = "buy_again", "Buying again"
        DISCOVER = "discover", "Discovering something new"

    task = models.CharField(max_length=16, choices=Task)
    half_life_days = models.FloatField(null=True, help_text="Empty: how old a purchase is does not matter.")
    grid = models.JSONField(help_text="A row a candidate: half-life, quality and gain over no decay, with intervals.")
    test = models.JSONField(help_text="What the choice was worth on the window that had no say in it.")
    as_of = models.DateTimeField()
    data_fingerprint = models.CharField(max_length=64)
    code_version = models.CharField(max_length=64)
    seed = models.BigIntegerField()
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="decay_choices")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "task"], condition=Q(job__isnull=False), name="one_decay_a_job_and_task"
            ),
            models.CheckConstraint(
                condition=Q(half_life_days__isnull=True) | Q(half_life_days__gt=0), name="half_life_positive"
            ),
        ]

    def __str__(self) -> str:
        span = f"half-life {self.half_life_days:g} days" if self.half_life_days else "no decay"
        return f"{self.get_task_display()}: {span}"
