from dataclasses import replace
from datetime import timedelta

import pytest

from campaigns.models import AudienceMember, UpliftModel
from campaigns.queries.trials import ranking_models
from campaigns.queries.uplift import uplift_verdict
from campaigns.services.audience_rules import limit_problems
from campaigns.services.audiences import AudienceEmpty
from campaigns.services.rebuilding import rebuild_audience
from campaigns.services.simulations import simulate_campaign
from loyalty.services.progress import QuietProgress
from tests.campaigns.uplift_shop import PLAN, open_uplift_shop
from tests.rows import bearer

pytestmark = pytest.mark.django_db
N_ASKED = 200


@pytest.fixture(autouse=True)
def _artefacts(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path


def audience_of(world, **rule):
    campaign = world.campaign
    campaign.audience_rule = {"kind": "best", **rule}
    return simulate_campaign(campaign=campaign, at=campaign.starts_at, seed=3, report=QuietProgress()).audience


def customers(audience):
    return set(audience.members.values_list("customer_id", flat=True))


def test_people_are_found_by_what_the_message_changes_whom_response_never_names(tmp_path, client, marketer):
    world = open_uplift_shop(tmp_path, effect=0.4)
    model = ranking_models().get()

    by_effect = audience_of(world, n=N_ASKED, uplift_model=model.pk)
    by_response = audience_of(world, n=N_ASKED)

    assert len(customers(by_effect) & world.quiet_ids) >= 0.95 * N_ASKED
    assert len(customers(by_response) & world.quiet_ids) <= 0.05 * N_ASKED
    first = by_effect.members.get(position=1)
    assert first.effect_low <= 0.4 <= first.effect_high
    assert first.expected_profit == pytest.approx(first.expected_effect * 5 - 0.5)
    assert "changed +" in first.reason
    assert 0 <= first.score <= 1
    assert by_response.members.get(position=1).expected_effect is None
    assert "not by response" in uplift_verdict(by_effect).title
    assert "not by what the campaign changes" in uplift_verdict(by_response).sentence
    assert rebuild_audience(audience=by_effect, report=QuietProgress()).is_same

    # Page and API say by what it was ranked.
    client.force_login(marketer)
    html = client.get(by_effect.get_absolute_url()).content.decode()
    assert "Ranked by what it changes, not by response" in html
    assert "How many people is it worth writing to?" in html
    assert "It changes them for the worse, or not at all" in html
    api = client.get(f"/api/v1/audiences/{by_effect.pk}/", headers={"authorization": bearer(marketer)}).json()
    assert (api["ranked_by"], api["findings"]["changed"]["uplift_model"]) == ("effect", model.pk)
    members = client.get(f"/api/v1/audiences/{by_effect.pk}/members/", headers={"authorization": bearer(marketer)})
    assert members.json()["results"][0]["expected_effect"] == pytest.approx(first.expected_effect)

    # As many as pay, and nobody who is changed for the worse.
    paying = audience_of(world, uplift_model=model.pk)
    chosen, changed = AudienceMember.objects.filter(audience=paying), paying.findings["changed"]
    assert not chosen.filter(expected_profit__lte=0).exists()
    assert len(customers(paying) & world.quiet_ids) >= 0.9 * chosen.count() == 0.9 * changed["n_paying"]
    assert changed["total"]["low"] <= 0.4 * chosen.count() <= changed["total"]["high"]

    # What had not happened when the forecast is made ranks nobody.
    world.trial.ends_at = world.campaign.starts_at + timedelta(days=1)
    world.trial.save()
    with pytest.raises(AudienceEmpty, match="had not ended"):
        audience_of(world, n=N_ASKED, uplift_model=model.pk)


def test_where_nobody_differs_ranking_by_it_is_refused_with_a_sentence(tmp_path):
    world = open_uplift_shop(tmp_path, effect=0.0)
    model = UpliftModel.objects.get()
    assert not model.is_open
    assert not ranking_models().exists()
    ((field, sentence),) = limit_problems({"kind": "best", "uplift_model": model.pk})
    assert field == "uplift_model"
    assert "Rank them by response" in sentence
    with pytest.raises(AudienceEmpty, match="showed no measurable gain"):
        audience_of(world, n=N_ASKED, uplift_model=model.pk)
    assert "showed no measurable gain" in uplift_verdict().sentence


def test_without_its_days_a_trial_says_what_is_missing(tmp_path):
    world = open_uplift_shop(tmp_path, effect=0.4, plan=replace(PLAN, starts_at=None, ends_at=None))
    assert not UpliftModel.objects.exists()
    assert "Say on which days the trial ran" in world.trial.results["ranking"]["why_not"]
    assert "Say on which days the trial ran" in uplift_verdict().sentence


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"kind": "everybody", "uplift_model": 1}, "Only the best customers"),
        ({"kind": "best", "uplift_model": 1, "equal_by": "age"}, "Equal shares are worked out from response"),
        ({"kind": "best", "uplift_model": "x"}, "No trial of your own customers"),
    ],
    ids=["everybody", "equal shares", "nonsense"],
)
def test_a_rule_that_cannot_be_ranked_so_is_told(rule, sentence):
    assert any(sentence in told for _, told in limit_problems(rule))
