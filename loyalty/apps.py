from django.apps import AppConfig


class LoyaltyConfig(AppConfig):
    name = "loyalty"

    def ready(self) -> None:
        # Here and not in loyalty/__init__.py: an engine module must not load Celery or Django.
        from loyalty import celery, checks  # noqa: F401, PLC0415
