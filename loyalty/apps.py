from django.apps import AppConfig, apps
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class LoyaltyConfig(AppConfig):
    name = "loyalty"

    def ready(self) -> None:
        # Here and not in loyalty/__init__.py: an engine module must not load Celery or Django.
        from loyalty import celery, checks  # noqa: F401, PLC0415
        from loyalty.services.trail import introduce_connection  # noqa: PLC0415
        from loyalty.services.trail_triggers import keep_trail  # noqa: PLC0415

        connection_created.connect(introduce_connection)
        for name in ("loyalty", "segments", "recommender", "campaigns"):
            post_migrate.connect(keep_trail, sender=apps.get_app_config(name))
