from django.db import models

from segments.models.segmentation import Segmentation


class Division(models.Model):
    """What a segmentation learnt and of whom, as arrays: enough to show it before it is saved, and to say later in
    which of its segments another customer belongs."""

    untracked = "It can be computed again from the segmentation's settings."

    segmentation = models.OneToOneField(Segmentation, on_delete=models.CASCADE, related_name="division")
    learnt = models.BinaryField(help_text="Scaling, components and borders, as arrays in a .npz file.")
    people = models.BinaryField(help_text="Customers, their groups and places on the map, as arrays in a .npz file.")
    marks_until = models.BigIntegerField(
        default=0, help_text="Newest mark of a change that customers were assigned after."
    )
    assigned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"What {self.segmentation_id} learnt"
