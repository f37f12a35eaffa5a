"""The questions of a scheduled source: what comes, from where, how often."""

from typing import Any

from django import forms
from django.utils.timezone import get_default_timezone_name

from loyalty.models import ImportSource
from loyalty.services.ingest import kinds
from loyalty.services.sources.edits import check_address
from loyalty.services.sources.places import PlaceRefused

REJECT, CREATE = "reject", "create"
MOST_MINUTES = 24 * 60
# What the source decides about a file's rows, whatever its mapping says.
OPTIONS = ("unknown_products", "on_bad_rows")


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    kind = forms.ChoiceField(label="What is in the files", error_messages={"required": "Choose what is in the files."})
    every_n = forms.IntegerField(
        label="How many minutes or hours",
        min_value=1,
        max_value=MOST_MINUTES,
        initial=15,
        required=False,
        help_text="Does not matter for every day.",
        error_messages={"invalid": "Write a whole number, like 15."},
    )
    unknown_products = forms.ChoiceField(
        label="Products the catalogue does not know",
        choices=[(REJECT, "Refuse the row and say so"), (CREATE, "Keep the row, note the product as unknown")],
        initial=REJECT,
    )

    on_bad_rows = forms.ChoiceField(
        label="When some rows of a file cannot be taken",
        choices=[("skip", "Take the others, list these"), ("refuse_all", "Take nothing of the file")],
        initial="skip",
    )

    class Meta:
        model = ImportSource
        fields = ["name", "kind", "url", "pattern", "mapping", "every", "every_n", "day_time", "is_active"]
        labels = {
            "url": "Address of the folder, bucket or file",
            "pattern": "Which files",
            "every": "Look every",
            "day_time": "Time of the day",
            "mapping": "Mapping of the columns",
            "is_active": "Look by itself; without the tick only when somebody asks",
        }
        help_texts = {
            "url": "Like s3://bucket/exports, sftp://till.example.com/out, https://shop.example.com/orders.csv or a "
            "folder of the server. Without any password: your administrator gives those to the worker.",
            "mapping": "Saved when a file of the same layout was imported by hand.",
            "pattern": "* stands for anything: orders-*.csv. An address of one file on the web needs no pattern.",
        }
        error_messages = {
            "name": {"unique": "Another source has this name. Choose another one.", "required": "Give it a name."},
            "url": {"required": "Say where the files are."},
        }
        widgets = {
            "day_time": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "url": forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {kind.name: kind.label for kind in kinds()}
        self.fields["kind"].choices = list(labels.items())  # type: ignore[attr-defined]
        self.fields["day_time"].help_text = f"In the shop's zone, {get_default_timezone_name()}."
        mapping = self.fields["mapping"]
        mapping.empty_label = "None: the files use our own words"  # type: ignore[attr-defined]
        mapping.label_from_instance = lambda saved: f"{saved.name} ({labels.get(saved.kind, saved.kind).lower()})"  # type: ignore[attr-defined]
        for name in OPTIONS:
            self.fields[name].initial = self.instance.options.get(name, self.fields[name].initial)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("every") == ImportSource.Every.DAY and not given.get("day_time"):
            self.add_error("day_time", "Say at what time of the day, like 02:30.")
        mapping, kind = given.get("mapping"), given.get("kind")
        if mapping and kind and mapping.kind != kind:
            self.add_error("mapping", "This mapping is for other records. Choose one for what is in the files.")
        given["every_n"] = given.get("every_n") or 1
        if given.get("url") and given.get("pattern"):
            self._check_address(given["url"], given["pattern"])
        return given

    def _check_address(self, url: str, pattern: str) -> None:
        try:
            check_address(url, pattern)
        except PlaceRefused as refusal:
            self.add_error("url", str(refusal))

    def values(self) -> dict[str, Any]:
        """What a source is made of, for the service that keeps it."""
        given = dict(self.cleaned_data)
        given["options"] = {name: given.pop(name) for name in OPTIONS}
        return given
