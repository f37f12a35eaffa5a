"""Every table of ours keeps a trail unless its model says why not, by triggers made after the migrations.

On the statement and not on each row, so that a bulk change costs one insertion; in the database and not in Django, so
that raw SQL leaves the same trail as a form.
"""

from collections.abc import Iterator

from django.apps import AppConfig, apps
from django.db import connection
from django.db.models import Model

# Accounts and roles are not ours, but who may do what is worth more than most of what is.
ACCOUNTS = ("auth.User", "auth.Group")
# Changed by merely coming by; alone they are no change anybody made.
PASSING = ("updated_at", "last_login", "last_used_at")
# That they changed is written down, not what they hold.
SECRET = ("password", "key", "secret_sha256", "secret_hash")
EVENTS = {
    "INSERT": "REFERENCING NEW TABLE AS new_rows",
    "UPDATE": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "REFERENCING OLD TABLE AS old_rows",
    "TRUNCATE": "",
}
MAKE = """
CREATE OR REPLACE TRIGGER {name} AFTER {event} ON "{table}" {tables}
FOR EACH STATEMENT EXECUTE FUNCTION loyalty_audit('{key}', '{passing}', '{secret}')
"""
FOUND = "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE 'trail\\_%%'"


def tracked_models(app: AppConfig) -> list[type[Model]]:
    """The tables of an app whose changes are written down."""
    found = [model for model in app.get_models(include_auto_created=True) if model._meta.managed]
    return [model for model in found if not getattr(model, "untracked", "")]


def keep_trail(app_config: AppConfig, **kwargs: object) -> None:
    """A receiver of Django's `post_migrate`: make what triggers are missing, drop those nobody wants any more."""
    wanted = [*tracked_models(app_config), *(_accounts() if app_config.name == "loyalty" else ())]
    with connection.cursor() as cursor:
        cursor.execute(FOUND)
        there = {(table.strip('"'), name) for table, name in cursor.fetchall()}
        for model in wanted:
            for event, tables in EVENTS.items():
                if (model._meta.db_table, _name(event)) not in there:
                    cursor.execute(_trigger(model, _name(event), event, tables))
        for model in set(app_config.get_models(include_auto_created=True)) - set(wanted):
            for event in EVENTS:
                if (model._meta.db_table, _name(event)) in there:
                    cursor.execute(f'DROP TRIGGER {_name(event)} ON "{model._meta.db_table}"')


def _name(event: str) -> str:
    return f"trail_{event.lower()}"


def _accounts() -> Iterator[type[Model]]:
    for label in ACCOUNTS:
        model = apps.get_model(label)
        yield model
        yield from (field.remote_field.through for field in model._meta.many_to_many)


def _trigger(model: type[Model], name: str, event: str, tables: str) -> str:
    key = model._meta.pk
    assert key is not None
    listed = {"passing": PASSING, "secret": SECRET}
    arrays = {name: "{" + ",".join(columns) + "}" for name, columns in listed.items()}
    return MAKE.format(name=name, event=event, table=model._meta.db_table, tables=tables, key=key.column, **arrays)
