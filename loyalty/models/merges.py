from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from loyalty.models.customers import Customer


class CustomerMerge(models.Model):
    """Two records that were one person: `gone` was put into `kept`, with all that is needed to take it apart again."""

    kept = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="merges")
    gone_id = models.BigIntegerField(help_text="Its number with us, which nobody else gets.")
    gone_external_id = models.CharField(max_length=64)
    gone_name = models.CharField(max_length=200, blank=True)
    gone_row = models.JSONField(help_text="The whole record as it was.")
    filled = models.JSONField(default=dict, help_text="{field: {before, after}} of the one that was kept.")
    reason = models.CharField(max_length=300, blank=True)
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="merges_made"
    )
    merged_at = models.DateTimeField()
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="merges_undone"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("merge_customer", "Can merge two customers and undo it")]
        constraints = [
            models.UniqueConstraint(
                fields=["gone_id"], condition=Q(undone_at__isnull=True), name="customer_merged_away_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gone_external_id} into {self.kept_id}"

    def get_absolute_url(self) -> str:
        return reverse("customer-merges")


class CustomerAlias(models.Model):
    """A key that a merged customer had. Whoever still uses it means the customer that was kept."""

    external_id = models.CharField(max_length=64, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="aliases")
    merge = models.OneToOneField(CustomerMerge, on_delete=models.CASCADE, related_name="alias")

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "customer aliases"

    def __str__(self) -> str:
        return self.external_id


class MergedRow(models.Model):
    """A row that went from one customer to the other: at the merge, or later because it came in under the old key."""

    untracked = "It is the record of a merge."

    merge = models.ForeignKey(CustomerMerge, on_delete=models.CASCADE, related_name="rows")
    table = models.CharField(max_length=63)
    column = models.CharField(max_length=63)
    row_id = models.CharField(max_length=64)
    came_later = models.BooleanField(default=False)
    gave_way = models.JSONField(null=True, blank=True, help_text="The whole row, where the kept one had its like.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["merge", "table", "column", "row_id"], name="row_merged_once"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.row_id}"
