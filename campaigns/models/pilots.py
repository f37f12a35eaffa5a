from django.conf import settings
from django.db import models
from django.db.models import Q

from campaigns.models.audiences import Audience
from campaigns.models.campaigns import Campaign
from campaigns.models.simulations import Simulation


class Pilot(models.Model):
    """A campaign sent to some of its people first, drawn at random; the others get it when the pilot has told."""

    of = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="pilots")
    simulation = models.ForeignKey(
        Simulation, on_delete=models.CASCADE, related_name="pilots", help_text="The forecast it makes surer."
    )
    campaign = models.OneToOneField(
        Campaign, on_delete=models.CASCADE, related_name="pilot", help_text="Goes to the people who were drawn."
    )
    rest = models.ForeignKey(
        Audience, on_delete=models.PROTECT, related_name="left_by_pilots", help_text="Everybody who was not drawn."
    )
    seed = models.BigIntegerField()
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="pilots_drawn"
    )
    drawn_at = models.DateTimeField()
    called_off_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["of"], condition=Q(called_off_at__isnull=True), name="one_pilot_of_a_campaign_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return str(self.campaign)
