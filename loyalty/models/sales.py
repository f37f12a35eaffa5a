"""What was sold, added up once and read often: views of the database that `services.sales` refreshes.

Only orders in the shop's main currency count: money of two currencies cannot be added.
"""

from django.db import models

from loyalty.models.customers import Customer
from loyalty.models.products import Product


class CustomerSales(models.Model):
    """What one customer bought so far."""

    customer = models.OneToOneField(
        Customer, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="sales"
    )
    n_orders = models.BigIntegerField()
    spend = models.DecimalField(max_digits=16, decimal_places=2)
    currency = models.CharField(max_length=3)
    first_ordered_at = models.DateTimeField()
    last_ordered_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "loyalty_customersales"
        verbose_name_plural = "customer sales"

    def __str__(self) -> str:
        return f"{self.n_orders} orders of {self.customer_id}"


class ProductSales(models.Model):
    """What was sold of one product so far."""

    product = models.OneToOneField(
        Product, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="sales"
    )
    revenue = models.DecimalField(max_digits=16, decimal_places=2)
    n_customers = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "loyalty_productsales"
        verbose_name_plural = "product sales"

    def __str__(self) -> str:
        return f"{self.n_customers} buyers of {self.product_id}"


class SalesPeriod(models.Model):
    """A quarter of an hour of sales: every time zone's days are made of whole quarters."""

    starts_at = models.DateTimeField(primary_key=True)
    revenue = models.DecimalField(max_digits=16, decimal_places=2)
    n_orders = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "loyalty_salesperiod"

    def __str__(self) -> str:
        return f"{self.n_orders} orders from {self.starts_at}"


class SalesVersion(models.Model):
    """The one row that says up to which order and which import the sums reach, and since when."""

    id = models.IntegerField(primary_key=True)
    last_order_id = models.BigIntegerField()
    last_ingest_run_id = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    added_up_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "loyalty_salesversion"

    def __str__(self) -> str:
        return f"Sums of {self.added_up_at}"
