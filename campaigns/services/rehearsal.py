"""The main job: from loaded data to a forecast beside what happened, one task a step."""

from datetime import datetime

from django.contrib.auth.models import User

from campaigns.models import Campaign
from campaigns.queries.campaigns import SENT_STATES
from campaigns.queries.history import moment_known
from campaigns.services import launches_ahead, learning_ahead
from campaigns.services.scored_parts import parts_of, scoring_steps
from loyalty.models import Job
from loyalty.services import behaviour, inspection
from loyalty.services.jobs import Step, create_job, create_steps

DEFAULT_CAMPAIGN = "18"
SEED = 20170101
LOAD = Step("campaigns.load_complete_journey", "Load The Complete Journey")
# Done by themselves or at somebody's word in a shop at work; here, so that no page of the demo begins empty.
LOOKS = (
    Step(learning_ahead.TASK, learning_ahead.LABEL),
    Step(launches_ahead.TASK, launches_ahead.LABEL),
    Step(inspection.TASK, "Look at the data"),
    Step("loyalty.survey_features", "Look at what is known of each customer"),
)


def rehearsal_steps(campaign: str, seed: int = SEED) -> list[Step]:
    """What it takes to rehearse a past campaign, named by its external id, from the data that are there."""
    about = {"campaign": campaign, "seed": seed}
    return [
        Step("segments.segment_customers", "Find segments among the customers", {**about}),
        Step("recommender.learn_product_relations", "Learn which products go together", {**about}),
        Step("recommender.train_recommenders", "Learn what customers buy next", {**about}),
        Step("campaigns.rehearse_campaign", f"Rehearse campaign {campaign}", {**about}),
        Step("campaigns.record_outcomes", "Put what really happened beside it", {**about}),
    ]


def ensure_demo_job(*, campaign: str, at: datetime, by: User | None = None) -> Job:
    """The demo's one job for this campaign: made when first asked for, found afterwards."""
    return create_steps(
        label=f"Rehearse campaign {campaign} of The Complete Journey",
        steps=[LOAD, *rehearsal_steps(campaign), *behaviour.STEPS, *LOOKS],
        by=by,
        at=at,
        key=f"demo-{campaign}",
    )


def start_rehearsal(*, campaign: Campaign, by: User, at: datetime, seed: int = SEED) -> Job:
    """Queue the rehearsal of one campaign. One that was sent is also held against what happened.

    What happened is counted first; where it was counted before, people need not wait for the count.
    """
    label = f"Rehearse “{campaign.name}”"[:200]
    scoring = scoring_steps(campaign=campaign, as_of=moment_known(at=at, starts_at=campaign.starts_at))
    joining = parts_of(scoring[-1].params) if scoring else {}
    if _was_sent(campaign):
        about = {"campaign": campaign.external_id, "seed": seed}
        count = Step("campaigns.record_outcomes", "Count what really happened", {**about})
        forecast = [*scoring, Step("campaigns.rehearse_campaign", label, {**about, **joining})]
        steps = [*forecast, count] if campaign.outcomes.exists() else [count, *forecast]
        return create_steps(label=label, steps=steps, by=by, at=at)
    last = Step("campaigns.simulate_campaign", label, {"campaign_id": campaign.pk, "seed": seed, **joining})
    if not scoring:
        return create_job(task=last.task, label=label, params=last.params, by=by, at=at)
    return create_steps(label=label, steps=[*scoring, last], by=by, at=at)


def _was_sent(campaign: Campaign) -> bool:
    return campaign.audience_id is not None and bool(campaign.external_id) and campaign.state in SENT_STATES
