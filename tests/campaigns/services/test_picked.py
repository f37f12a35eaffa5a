"""Whoever the model picks is forecast a little less keen than scored; whoever others picked is not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from campaigns.models import AudienceMember
from campaigns.services.audiences import build_audience, choose, choose_sent
from campaigns.services.learning import Learnt, learn_reception
from campaigns.services.scoring import score_customers
from loyalty.services.progress import QuietProgress
from tests.campaigns.shop import open_shop

pytestmark = pytest.mark.django_db
N_PICKED = 20
BEST = {"kind": "best", "n": N_PICKED}


@pytest.fixture
def scored(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path
    shop = open_shop()
    as_of = shop.next_campaign.starts_at
    learnt = learn_reception(as_of=as_of, at=as_of, seed=1, report=QuietProgress())
    less_sure = Learnt(learnt.version, replace(learnt.knowledge, spread=0.6))
    return score_customers(campaign=shop.next_campaign, as_of=as_of, learnt=less_sure)


def test_the_picked_count_less_and_everybody_together_the_same(scored):
    rows = choose(scored, BEST).rows

    as_scored, told = expit(scored.logits), expit(scored.for_rule(BEST).logits)

    assert told[rows].sum() < 0.95 * as_scored[rows].sum()
    assert told.sum() == pytest.approx(as_scored.sum())
    assert scored.picked.picked is scored.picked


def test_whom_others_picked_stays_as_scored(scored):
    for kind in ("segment", "imported", "everybody", "pilot"):
        assert scored.for_rule({"kind": kind}) is scored
    assert scored.for_rule({**BEST, "uplift_model": 1}) is scored


def test_members_are_written_with_the_chance_that_is_forecast(scored):
    choice = choose(scored, BEST)

    audience = build_audience(choice, scored, at=scored.as_of, seed=1, job_id=None)

    written = AudienceMember.objects.filter(audience=audience).order_by("position").values_list("score", flat=True)
    effect = scored.learnt.knowledge.effect.mean
    np.testing.assert_allclose(list(written), expit(scored.picked.logits[choice.rows] + effect), rtol=1e-5)


def test_the_same_cut_is_recommended_whoever_is_asked_about(scored):
    sent = choose_sent(scored, scored.campaign.audience)

    assert sent.cut == choose(scored, {"kind": "everybody"}).cut == choose(scored, {"kind": "best"}).cut


def test_what_was_learnt_says_how_much_of_the_spread_holds(scored, settings):
    fresh = learn_reception(as_of=scored.as_of, at=scored.as_of, seed=1, report=QuietProgress())

    assert 0.2 <= fresh.knowledge.spread <= 1
