"""What customers are divided by, and how: the questions of the explorer."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from segments.queries.choices import Family

METHODS = [
    ("kmeans", "Around centres (K-Means)"),
    ("ward", "Merging the most alike, step by step (Ward)"),
    ("dbscan", "Crowds with gaps between them (DBSCAN)"),
    ("hdbscan", "Crowds of any density (HDBSCAN)"),
]
SCALERS = [
    ("standard", "Mean and spread (standard)"),
    ("minmax", "From lowest to highest (min–max)"),
    ("robust", "Middle half of the customers (robust)"),
]
KEEPS = [
    ("", "No, divide by each feature"),
    ("0.8", "Yes, keep 80% of the differences"),
    ("0.9", "Yes, keep 90% of the differences"),
    ("0.95", "Yes, keep 95% of the differences"),
]
FEWEST, MOST, MOST_FEATURES = 2, 15, 60
# Enough that the interval of the stability is worth reading.
REPLICATES = 12


def _number(label: str, initial: int) -> forms.IntegerField:
    sentence = f"Write a whole number from {FEWEST} to {MOST}."
    return forms.IntegerField(
        label=label,
        min_value=FEWEST,
        max_value=MOST,
        initial=initial,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), sentence),
    )


class ExplorerForm(forms.Form):
    name = forms.CharField(
        label="Name of this look",
        max_length=100,
        initial="Segments found in the data",
        error_messages={"required": "Give it a name."},
    )
    method = forms.ChoiceField(label="Method", choices=METHODS)
    k_min = _number("Fewest segments to try", 3)
    k_max = _number("Most segments to try", 8)
    min_percent = forms.IntegerField(
        label="Smallest segment, in percent of the customers",
        min_value=1,
        max_value=30,
        initial=5,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), "Write a whole number from 1 to 30."
        ),
    )
    scaler = forms.ChoiceField(label="How features are made comparable", choices=SCALERS)
    is_damped = forms.BooleanField(
        label="Damp large values, so that a few very large customers do not decide", initial=True, required=False
    )
    keep = forms.ChoiceField(label="Combine features that go together", choices=KEEPS, required=False)
    features = forms.MultipleChoiceField(required=False)
    vectors = forms.MultipleChoiceField(required=False)

    # Shown one below the other; features and vectors have a place of their own.
    SETTINGS = ("name", "method", "k_min", "k_max", "min_percent", "scaler", "is_damped", "keep")

    def __init__(
        self, *args: Any, families: Sequence[Family], vectors: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        known = [(choice.name, choice.label) for family in families for choice in family.choices]
        for name, choices in (("features", known), ("vectors", vectors)):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
            self.fields[name].error_messages["invalid_choice"] = "“%(value)s” is not there any more. Take it away."

    @property
    def settings(self) -> list[forms.BoundField]:
        return [self[name] for name in self.SETTINGS]

    @property
    def ticked(self) -> set[str]:
        return set(self["features"].value() or ())

    @property
    def ticked_vectors(self) -> set[str]:
        return set(self["vectors"].value() or ())

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        features = told.get("features", [])
        if "features" in told and len(features) < 2 and not told.get("vectors"):
            self.add_error("features", "Choose at least two features.")
        if len(features) > MOST_FEATURES:
            self.add_error("features", f"Choose {MOST_FEATURES} features at most; more of them blur each other.")
        if told.get("k_min") and told.get("k_max") and told["k_min"] > told["k_max"]:
            self.add_error("k_max", "Write a number that is not smaller than the fewest.")
        return told

    @property
    def spec(self) -> dict[str, Any]:
        """As the job that looks takes it."""
        told = self.cleaned_data
        plain = {name: told[name] for name in ("name", "method", "scaler", "is_damped", "k_min", "k_max")}
        return {
            **plain,
            "features": told["features"],
            "vectors": told["vectors"],
            "keep": float(told["keep"]) if told["keep"] else None,
            "min_share": told["min_percent"] / 100,
            "n_replicates": REPLICATES,
        }


def initial_of(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that an earlier look was made with."""
    names = ("name", "method", "scaler", "is_damped", "k_min", "k_max", "features", "vectors")
    told = {name: spec[name] for name in names if name in spec}
    keep, share = spec.get("keep"), spec.get("min_share", 0.05)
    return {**told, "keep": str(keep) if keep else "", "min_percent": round(100 * share)}
