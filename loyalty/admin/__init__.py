from django.contrib import admin

from loyalty.admin import (
    behaviour,
    customers,
    findings,
    imports,
    interactions,
    jobs,
    keys,
    merges,
    orders,
    products,
    reviews,
    sources,
    trail,
)

__all__ = [
    "behaviour",
    "customers",
    "findings",
    "imports",
    "interactions",
    "jobs",
    "keys",
    "merges",
    "orders",
    "products",
    "reviews",
    "sources",
    "trail",
]

admin.site.site_header = "Rehearsal"
admin.site.site_title = "Rehearsal"
admin.site.index_title = "Every table"
