from django.contrib import admin

from loyalty.admin import customers, imports, interactions, jobs, keys, orders, products, trail

__all__ = ["customers", "imports", "interactions", "jobs", "keys", "orders", "products", "trail"]

admin.site.site_header = "Rehearsal"
admin.site.site_title = "Rehearsal"
admin.site.index_title = "Every table"
