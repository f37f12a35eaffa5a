"""Regular customers who fell silent, and the products they fell silent after: one report, replaced as a whole."""

from django.db import models
from django.db.models import Q

from loyalty.models.customers import Customer
from loyalty.models.jobs import Job
from loyalty.models.products import Product


class SilenceReport(models.Model):
    """One reading of all purchases before `as_of`. Only the newest is kept."""

    untracked = "It can be computed again at any time."

    as_of = models.DateTimeField()
    definition = models.CharField(max_length=64, help_text="The rule by which it was made.")
    n_regular_customers = models.IntegerField()
    n_visits = models.IntegerField(help_text="Visits of regular customers whose next weeks were seen.")
    n_silences = models.IntegerField()
    n_came_back = models.IntegerField(help_text="Of the silences, those that have ended since.")
    n_products = models.IntegerField(help_text="Products with enough buyers to be judged.")
    false_discovery_rate = models.FloatField()
    currency = models.CharField(max_length=3, blank=True, help_text="The shop's main one; spend in others is left out.")
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="silence_reports")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    @property
    def came_back_share(self) -> float | None:
        """Of the silences seen so far, how many have ended."""
        return self.n_came_back / self.n_silences if self.n_silences else None

    def __str__(self) -> str:
        return f"Silence as of {self.as_of:%Y-%m-%d}"


class ProductSilence(models.Model):
    """Silences of regular customers after their first purchase of a product, beside those to be expected."""

    untracked = "It can be computed again at any time."

    report = models.ForeignKey(SilenceReport, on_delete=models.CASCADE, related_name="products")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="silences")
    n_buyers = models.IntegerField()
    observed = models.IntegerField()
    expected = models.FloatField()
    ratio = models.FloatField()
    ratio_low = models.FloatField()
    ratio_high = models.FloatField()
    p = models.FloatField()
    q = models.FloatField(help_text="Share of false ones if all that are as striking were flagged.")
    is_flagged = models.BooleanField()
    dismissed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["p", "id"]
        verbose_name_plural = "product silences"
        indexes = [models.Index(fields=["report", "ratio_low"], name="product_silence_worst")]
        constraints = [
            models.UniqueConstraint(fields=["report", "product"], name="product_judged_once"),
            models.CheckConstraint(condition=Q(q__gte=0) & Q(q__lte=1), name="product_silence_q_is_a_share"),
        ]

    @property
    def by_chance(self) -> str:
        """The false-discovery rate in words: of products as striking as this one, how many are innocent."""
        if self.q < 0.001:
            return "under 1 in 1,000"
        if self.q < 0.01:
            return f"{max(round(1000 * self.q), 1)} in 1,000"
        return "probably" if self.q > 0.5 else f"{round(100 * self.q)} in 100"

    def __str__(self) -> str:
        return f"{self.observed} silences after {self.product_id}, {self.expected:.1f} expected"


class SilentBuyer(models.Model):
    """A regular customer who first bought a product on the last visit before falling silent: the evidence."""

    untracked = "It can be computed again at any time."

    report = models.ForeignKey(SilenceReport, on_delete=models.CASCADE, related_name="buyers")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="silent_buyers")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="silent_after")
    bought_on = models.DateField()
    n_visits = models.IntegerField()
    usual_gap_days = models.FloatField()
    allowed_gap_days = models.FloatField()
    gap_days = models.IntegerField()
    back_on = models.DateField(null=True, blank=True)
    n_new_products = models.IntegerField(help_text="Products bought for the first time on that visit.")
    is_counted = models.BooleanField(help_text="Not explained by a worse product in the same basket.")

    class Meta:
        ordering = ["product", "bought_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["report", "product", "customer"], name="silent_buyer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} after {self.product_id}"


class SilentCustomer(models.Model):
    """A regular customer who is silent now, by their own rhythm."""

    untracked = "It can be computed again at any time."

    report = models.ForeignKey(SilenceReport, on_delete=models.CASCADE, related_name="customers")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="silences")
    last_seen_on = models.DateField()
    expected_by = models.DateField(help_text="The day by which an unchanged customer would have been back.")
    n_visits = models.IntegerField()
    usual_gap_days = models.FloatField()
    allowed_gap_days = models.FloatField()
    gap_days = models.IntegerField()
    spend_a_month = models.FloatField(help_text="Before the silence, in the main currency.")
    spend_sd = models.FloatField(help_text="How far a month of theirs usually is from that.")
    dismissed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-spend_a_month", "id"]
        constraints = [
            models.UniqueConstraint(fields=["report", "customer"], name="silent_customer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}, last seen {self.last_seen_on}"
