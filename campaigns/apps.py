from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        # The import path lies below and does not know this app, so the app tells it what it can take in.
        from campaigns.services.ingest import register_campaign_kinds  # noqa: PLC0415

        register_campaign_kinds()
