"""Deployment checks of our own: what Django cannot know is unsafe about this product."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register


@register(Tags.security, deploy=True)
def production_names_its_hosts(**kwargs: Any) -> list[Error]:
    if settings.DEBUG or settings.ALLOWED_HOSTS:
        return []
    return [Error("ALLOWED_HOSTS is empty.", hint="Set ALLOWED_HOSTS=shop.example.com", id="rehearsal.E001")]
