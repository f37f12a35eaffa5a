from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    name = "segments"

    def ready(self) -> None:
        # Rules read predictions through one door, whichever app makes them.
        from segments.queries.lifetime_readings import LIFETIME  # noqa: PLC0415
        from segments.queries.rules.sources import register_predictions  # noqa: PLC0415

        register_predictions(LIFETIME)
