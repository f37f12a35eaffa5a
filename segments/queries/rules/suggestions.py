"""Values to choose from while a rule is written: those that contain what was typed so far."""

from django.db import connection

from segments.queries.rules.sources import event_sources

N_SHOWN = 20


def suggestions(kind: str, field: str, text: str) -> list[tuple[str, str]]:
    """Values and what people read beside them. Empty where nothing is known of such a kind or field."""
    source = event_sources().get(kind)
    sql = source.fields[field].choices if source and field in source.fields else ""
    if not sql:
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, {"text": text[:100], "n": N_SHOWN})
        return [(value, told) for value, told in cursor.fetchall()]
