"""A model that looks at more is kept with what it takes to look, and serves with it."""

import numpy as np
import pytest

from campaigns import registry
from campaigns.engine.campaign_effect import CampaignEffect
from campaigns.engine.feature_groups import TASTE, Extra
from campaigns.engine.reasons import REASONS
from campaigns.engine.reception import LikenessLogistic
from campaigns.queries.history import finished_campaigns
from campaigns.registry import ReceptionKnowledge, Training
from campaigns.services.learning import Learnt
from campaigns.services.likeness import spaces_before
from campaigns.services.reception_history import reception_history
from campaigns.services.scoring import score_customers, score_range
from loyalty.services.progress import QuietProgress
from tests.campaigns.shop import open_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return open_shop()


@pytest.fixture
def as_of(shop):
    return shop.next_campaign.starts_at


@pytest.fixture
def learnt(settings, tmp_path, as_of):
    """A version that looks at tastes, learnt, kept and opened again."""
    settings.ARTEFACT_DIR = tmp_path
    frame = reception_history(finished_campaigns(as_of), as_of, QuietProgress(), extra=TASTE)
    told = Extra(TASTE, spaces_before([as_of])[0])
    knowledge = ReceptionKnowledge(LikenessLogistic().fit(frame), CampaignEffect(0.0, 0.3, 8), {}, told)
    training = Training(
        label="Told of tastes", is_baseline=False, metrics={}, verdict="", data_until=as_of,
        data_fingerprint="f" * 64, seed=1, fit_seconds=1.0, trained_at=as_of,
    )  # fmt: skip
    version = registry.publish(knowledge, training, serves=True, job_id=None)
    return Learnt(version, registry.open_version(version))


def test_what_it_looks_at_comes_back(learnt, as_of):
    assert learnt.knowledge.extra.names == TASTE
    tastes, again = spaces_before([as_of])[0], learnt.knowledge.extra.tastes
    for name, values in vars(tastes).items():
        np.testing.assert_array_equal(getattr(again, name), values)


def test_everybody_is_scored_with_it_in_one_go_and_in_parts(learnt, shop, as_of):
    campaign, half = shop.next_campaign, shop.customers[60].pk
    keys = [(1, half - 1), (half, 2**63 - 1)]

    whole = score_customers(campaign=campaign, as_of=as_of, learnt=learnt)
    parts = [score_range(campaign=campaign, as_of=as_of, learnt=learnt, keys=one) for one in keys]

    assert whole.customers.names[-1] == TASTE[0]
    np.testing.assert_allclose(np.concatenate([part.logits for part in parts]), whole.logits)
    assert whole.reasons.shape == (len(shop.customers), len(REASONS))


def test_what_was_kept_before_there_was_more_to_look_at_opens(learnt, settings):
    stored = registry._artefact(learnt.knowledge)
    params = {name: value for name, value in stored.params.items() if name != "extra"}
    arrays = {name: value for name, value in stored.arrays.items() if not name.startswith(registry.TASTES)}

    assert registry._extra(type(stored)(stored.kind, params, arrays)) == Extra()
