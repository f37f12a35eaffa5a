"""Opinions on a scale: 1 to 5 stars, 0 to 10, thumbs up or down, put on one from -1 (against) to 1 (for)."""

from collections.abc import Mapping

from django.db.models import Model

from loyalty.services.ingest.kinds import Cell, Column, Rule
from loyalty.services.ingest.spellings import spelled

THUMBS = {"up": "1", "thumbs up": "1", "like": "1", "down": "-1", "thumbs down": "-1", "dislike": "-1"}
ON_ITS_SCALE = "scaled"


def scale_columns(
    model: type[Model], *, name: str, field: str, raw_field: str, is_required: bool
) -> tuple[Column, ...]:
    """The opinion as given, its scale, and what becomes of it."""
    return (
        Column(
            name=name,
            cell=Cell.NUMBER,
            of=model,
            field=raw_field,
            is_required=is_required,
            rewrite=spelled(THUMBS),
            example="4",
            meaning="The opinion on the scale beside it; without a scale from -1 to 1, or thumbs: up or down.",
        ),
        _end(model, "scale_min", "1", "The worst that could be given."),
        _end(model, "scale_max", "5", "The best that could be given."),
        Column(
            name=ON_ITS_SCALE,
            cell=Cell.NUMBER,
            of=model,
            field=field,
            when_absent=lambda cells: _scaled(name, cells),
            meaning="Worked out from the scale.",
        ),
    )


def scale_rules(name: str) -> tuple[Rule, ...]:
    return (
        Rule(
            column=name,
            needs=(name, ON_ITS_SCALE),
            wrong=f's."{ON_ITS_SCALE}" NOT BETWEEN -1 AND 1',
            reason="This lies outside its scale. Correct it, or give the scale, like scale_min 1 and scale_max 5.",
        ),
        Rule(
            column="scale_max",
            needs=("scale_min", "scale_max"),
            wrong='s."scale_max" <= s."scale_min"',
            reason="The scale would have no room. Set scale_max above scale_min.",
        ),
        Rule(
            column="scale_min",
            needs=("scale_min", "scale_max"),
            wrong='(s."scale_min" IS NULL) <> (s."scale_max" IS NULL)',
            reason="A scale has two ends. Fill in both scale_min and scale_max, or neither.",
        ),
    )


def _end(model: type[Model], name: str, example: str, meaning: str) -> Column:
    return Column(name=name, cell=Cell.NUMBER, of=model, field=name, example=example, meaning=meaning)


def _scaled(name: str, cells: Mapping[str, str]) -> str:
    """SQL for the opinion between -1 and 1; as it was given where no scale is."""
    value = cells.get(name, "NULL::float8")
    low, high = (cells.get(end, "NULL::float8") for end in ("scale_min", "scale_max"))
    return (
        f"CASE WHEN {low} IS NULL OR {high} IS NULL THEN {value} WHEN {high} <= {low} THEN 0 "
        f"ELSE 2 * ({value} - {low}) / ({high} - {low}) - 1 END"
    )
