from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        # The import path and the feature store lie below and do not know this app, so it tells them what it has.
        from campaigns.queries.crowds import running_campaigns  # noqa: PLC0415
        from campaigns.queries.offer_features import OFFERS, TOOK_AN_OFFER  # noqa: PLC0415
        from campaigns.queries.segment_rules import EVENTS, PREDICTIONS, campaigns_about  # noqa: PLC0415
        from campaigns.queries.segments import segment_names  # noqa: PLC0415
        from campaigns.queries.tastes import TASTES  # noqa: PLC0415
        from campaigns.services.ingest import register_campaign_kinds  # noqa: PLC0415
        from loyalty.queries.features import register_outcome, register_reading  # noqa: PLC0415
        from recommender.queries.groups import register_grouping  # noqa: PLC0415
        from segments.queries.crowds import register_crowds  # noqa: PLC0415
        from segments.queries.rules.sources import register_events, register_predictions  # noqa: PLC0415
        from segments.queries.uses import register_use  # noqa: PLC0415
        from segments.queries.vectors import register_vectors  # noqa: PLC0415

        register_campaign_kinds()
        register_reading(OFFERS)
        register_outcome(TOOK_AN_OFFER)
        register_grouping("Segment", segment_names)
        for source in EVENTS:
            register_events(source)
        for reading in PREDICTIONS:
            register_predictions(reading)
        register_use(campaigns_about)
        register_crowds(running_campaigns)
        register_vectors(TASTES)
