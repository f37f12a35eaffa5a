from django.db import models


class KnownHabits(models.Model):
    """How every customer had shopped at one moment, kept so that a rehearsal need not read all orders again."""

    untracked = "It can be computed again at any time."

    as_of = models.DateTimeField(unique=True, help_text="Nothing at or after this moment was known to it.")
    mark = models.BigIntegerField(help_text="What was committed later is not in it.")
    table = models.BinaryField(help_text="One row a customer, as an Arrow file.")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "known habits"

    def __str__(self) -> str:
        return f"Habits at {self.as_of}"
