from django.db import models


class DataChange(models.Model):
    """A mark that a statement changed a table, left by the database itself so that no way in can forget it.

    Rows are only ever added, so that no writer waits for another; `services.features` adds old ones up. The sum and the
    newest key of a table's marks are the version of its data: a mark is seen when what it stands for is seen.
    """

    untracked = "It only says that something else changed, and that is in the trail."

    source = models.CharField(max_length=63, help_text="The table.")
    n = models.BigIntegerField(help_text="How many statements this mark stands for.")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["source"], name="data_change_source")]

    def __str__(self) -> str:
        return f"{self.source} changed"
