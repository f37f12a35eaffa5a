import numpy as np
import pytest
from django.db import IntegrityError, transaction

from campaigns.engine.reception import RidgeLogistic
from campaigns.engine.rolling import rolling_forecasts
from campaigns.models import LedgerEntry, LedgerOutcome, Redemption
from campaigns.models.intervals import ForecastIsFinal
from campaigns.queries.history import finished_campaigns
from campaigns.queries.ledger import known_effects
from campaigns.registry import CODE_VERSION
from campaigns.services.ledger import join_outcome, keep_replayed
from campaigns.services.outcomes import record_outcomes
from campaigns.services.reception_history import reception_history
from campaigns.services.simulations import rehearse_campaign
from loyalty.services.progress import QuietProgress
from tests.campaigns.shop import DAY, open_shop
from tests.rows import fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return open_shop()


@pytest.fixture
def now(shop):
    return shop.next_campaign.ends_at + 30 * DAY


def replayed(now):
    frame = reception_history(finished_campaigns(now), now, QuietProgress())
    return rolling_forecasts(frame, RidgeLogistic)


def test_the_database_refuses_to_change_or_remove_a_forecast():
    fill(1)
    entry = LedgerEntry.objects.get()

    with pytest.raises(ForecastIsFinal):
        entry.save()
    for attempt in (lambda: LedgerEntry.objects.update(mid=entry.mid), lambda: LedgerEntry.objects.all().delete()):
        with pytest.raises(IntegrityError, match="cannot be changed or removed"), transaction.atomic():
            attempt()


def test_what_is_replayed_twice_is_kept_once(shop, now):
    past = replayed(now)

    first = keep_replayed(past, estimator="RidgeLogistic", at=now)
    again = keep_replayed(past, estimator="RidgeLogistic", at=now + DAY)

    assert {entry.pk for entry in first} == {entry.pk for entry in again}
    assert LedgerEntry.objects.count() == LedgerOutcome.objects.count() == len(past)


def test_groups_of_a_forecast_and_those_who_took_it_add_up(shop, now):
    past = replayed(now)

    entries = keep_replayed(past, estimator="RidgeLogistic", at=now)

    for entry in entries:
        assert sum(entry.sizes) == entry.n_customers == 120
        assert sum(entry.outcome.taken) == entry.outcome.n_redeemers > 0
        assert np.all(np.diff(entry.centres) <= 1e-9)
        assert all(taken <= size for taken, size in zip(entry.outcome.taken, entry.sizes, strict=True))


def test_what_is_learnt_of_campaigns_is_what_the_ledger_says(shop, now):
    past = replayed(now)
    keep_replayed(past, estimator="RidgeLogistic", at=now)

    effects = known_effects(estimator="RidgeLogistic", code_version=CODE_VERSION, as_of=now)

    assert [(one.effect, one.sd) for one in effects] == [(e.residual.effect, e.residual.sd) for e in past]
    before = past[-1].campaign.starts_at
    assert len(known_effects(estimator="RidgeLogistic", code_version=CODE_VERSION, as_of=before)) == len(past) - 1
    assert known_effects(estimator="TypeRate", code_version=CODE_VERSION, as_of=now) == []


def test_a_simulation_is_kept_and_joined_to_what_happened(shop, now):
    rehearsal = rehearse_campaign(campaign=shop.next_campaign, at=now, seed=1, report=QuietProgress())
    record_outcomes(campaign=shop.next_campaign, until=now, report=QuietProgress())

    entry = LedgerEntry.objects.get(simulation=rehearsal.sent)
    said = rehearsal.sent.forecasts.get(metric="redeemers")
    assert (entry.mid, entry.low_90, entry.high_90) == (said.mid, said.low_90, said.high_90)
    assert entry.is_replayed
    assert entry.outcome.n_redeemers == shop.next_campaign.redemptions.values("customer").distinct().count()
    assert not LedgerOutcome.objects.filter(entry__simulation=rehearsal.picked).exists()


def test_counting_again_moves_the_outcome_and_not_the_forecast(shop, now):
    rehearsal = rehearse_campaign(campaign=shop.next_campaign, at=now, seed=1, report=QuietProgress())
    join_outcome(shop.next_campaign, until=now)
    before = LedgerEntry.objects.values().get(simulation=rehearsal.sent)
    counted = LedgerOutcome.objects.get(entry__simulation=rehearsal.sent).n_redeemers
    Redemption.objects.filter(campaign=shop.next_campaign, customer__in=shop.customers[:20]).delete()

    join_outcome(shop.next_campaign, until=now)

    assert LedgerEntry.objects.values().get(simulation=rehearsal.sent) == before
    assert LedgerOutcome.objects.get(entry__simulation=rehearsal.sent).n_redeemers < counted
