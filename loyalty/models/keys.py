from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

ALL = "*"


class ApiKey(models.Model):
    """A key with which another system speaks for a person: never more than the person may, nor than its scopes say.

    Only a hash of the secret is kept. A secret of 256 random bits needs no slow hash: nobody can try them all.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True, help_text="Beginning of the key; it tells keys apart.")
    secret_sha256 = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=64), help_text="Like customers:write; * stands for everything.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="To the minute.")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "API key"
        verbose_name_plural = "API keys"
        constraints = [
            models.CheckConstraint(condition=models.Q(scopes__len__gt=0), name="api_key_has_scopes"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    def works(self, at: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)

    def allows(self, scope: str) -> bool:
        noun, _, right = scope.partition(":")
        return bool(noun) and not {scope, f"{ALL}:{right}"}.isdisjoint(self.scopes)
