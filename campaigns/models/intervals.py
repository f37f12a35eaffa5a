from typing import Any

from django.db import models
from django.db.models import F, Q

LEVELS = (50, 80, 90, 95)


class ForecastIsFinal(Exception):
    """A forecast is kept as it was made; a better one is a new simulation."""


class ForecastNumber(models.Model):
    """One number that was forecast, with its intervals. Never edited: it is what we will be held to."""

    mean = models.FloatField()
    mid = models.FloatField()
    low_50 = models.FloatField()
    high_50 = models.FloatField()
    low_80 = models.FloatField()
    high_80 = models.FloatField()
    low_90 = models.FloatField()
    high_90 = models.FloatField()
    low_95 = models.FloatField()
    high_95 = models.FloatField()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise ForecastIsFinal("A forecast cannot be changed. Make a new one instead.")
        super().save(*args, **kwargs)

    @property
    def intervals(self) -> dict[int, tuple[float, float]]:
        """Lower and upper end by level in percent."""
        return {level: (getattr(self, f"low_{level}"), getattr(self, f"high_{level}")) for level in LEVELS}


def nested_intervals(name: str) -> models.CheckConstraint:
    """Wider intervals hold narrower ones, and all of them the middle."""
    return models.CheckConstraint(
        condition=Q(low_95__lte=F("low_90"))
        & Q(low_90__lte=F("low_80"))
        & Q(low_80__lte=F("low_50"))
        & Q(low_50__lte=F("mid"))
        & Q(mid__lte=F("high_50"))
        & Q(high_50__lte=F("high_80"))
        & Q(high_80__lte=F("high_90"))
        & Q(high_90__lte=F("high_95")),
        name=name,
    )
