import numpy as np
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pytest

from segments.engine.orders_to_come import OrdersToCome, TooLittleToFit, Visits, log_likelihoods, visits

TRUTH = OrdersToCome(r=0.8, alpha=6.0, a=0.9, b=3.0, log_likelihood=0.0)


def shop(rng, n=4000, weeks=60.0):
    """Customers as the model says they are: whole histories, drawn order by order."""
    rates, chances = rng.gamma(TRUTH.r, 1 / TRUTH.alpha, n), rng.beta(TRUTH.a, TRUTH.b, n)
    ages = rng.uniform(20, weeks, n)
    repeats, recency, now, here = np.zeros(n), np.zeros(n), np.zeros(n), np.ones(n, dtype=bool)
    while here.any():
        now = now + rng.exponential(1 / rates)
        here &= now < ages
        repeats[here] += 1
        recency[here] = now[here]
        here &= rng.random(n) > chances
    return Visits(repeats, recency, ages)


def test_finds_the_parameters_that_a_shop_was_drawn_from():
    model = OrdersToCome.fitted(shop(np.random.default_rng(1), n=20_000))

    assert model.r / model.alpha == pytest.approx(TRUTH.r / TRUTH.alpha, rel=0.08)
    assert model.a / (model.a + model.b) == pytest.approx(TRUTH.a / (TRUTH.a + TRUTH.b), rel=0.08)


def test_the_unit_of_time_does_not_matter():
    weeks = shop(np.random.default_rng(2))
    days = Visits(weeks.repeats, 7 * weeks.recency, 7 * weeks.age)

    by_week, by_day = OrdersToCome.fitted(weeks), OrdersToCome.fitted(days)

    assert by_day.alpha == pytest.approx(7 * by_week.alpha, rel=1e-3)
    np.testing.assert_allclose(by_day.expected(days, 70), by_week.expected(weeks, 10), rtol=1e-3)


def test_no_parameters_nearby_are_likelier():
    known = shop(np.random.default_rng(3))
    model = OrdersToCome.fitted(known)
    best = np.array([model.r, model.alpha, model.a, model.b])

    for nudge in np.vstack([np.diag([0.02] * 4), -np.diag([0.02] * 4)]):
        assert log_likelihoods(best * (1 + nudge), known).sum() <= model.log_likelihood + 1e-6


def test_futures_agree_with_what_is_expected():
    known = Visits(np.array([0.0, 3, 12, 12]), np.array([0.0, 20, 50, 10]), np.array([40.0, 40, 52, 52]))

    drawn = TRUTH.drawn(known, 15.0, np.random.default_rng(4), 40_000)

    np.testing.assert_allclose(drawn.mean(axis=0), TRUTH.expected(known, 15.0), rtol=0.03, atol=1e-4)


def test_who_stays_away_longer_is_less_likely_to_be_there():
    known = Visits(np.full(3, 8.0), np.array([50.0, 30, 10]), np.full(3, 52.0))

    chances = TRUTH.chance_alive(known)

    assert (np.diff(chances) < 0).all()
    assert TRUTH.chance_alive(Visits(np.zeros(1), np.zeros(1), np.ones(1))).tolist() == [1.0]


@pytest.mark.parametrize(("n", "repeats", "message"), [(20, 1, "20 customers"), (200, 0, "0 customers came again")])
def test_refuses_what_is_too_little(n, repeats, message):
    with pytest.raises(TooLittleToFit, match=message):
        OrdersToCome.fitted(Visits(np.full(n, float(repeats)), np.ones(n), np.full(n, 9.0)))


def test_orders_of_one_day_are_one_visit():
    known = visits(np.array([0, 0, 0, 1, 1]), np.array([10, 10, 17, 12, 30]), until_day=21)

    assert known.repeats.tolist() == [1, 0]
    assert known.recency.tolist() == [7, 0]
    assert known.age.tolist() == [10, 8]


@pytest.mark.real_data
class TestCdnow:
    """The music shop that the model was published with, from its log of purchases."""

    CALIBRATION_DAYS, HOLDOUT_DAYS = 273, 273

    @pytest.fixture
    def log(self, real_data_dir):
        lines = pacsv.read_csv(real_data_dir / "cdnow" / "CDNOW_sample.csv.gz")
        dates = pc.strptime(pc.cast(lines["date"], "string"), "%Y%m%d", "s").to_numpy().astype("datetime64[D]")
        _, rows = np.unique(lines["sample_id"].to_numpy(), return_inverse=True)
        return rows, (dates - np.datetime64("1997-01-01")).astype(np.int64)

    def test_the_published_parameters(self, log):
        rows, days = log
        weeks = visits(rows, days, until_day=self.CALIBRATION_DAYS)
        weeks = Visits(weeks.repeats, weeks.recency / 7, weeks.age / 7)

        model = OrdersToCome.fitted(weeks)

        assert [round(value, 3) for value in (model.r, model.alpha, model.a, model.b)] == [0.243, 4.414, 0.793, 2.426]
        assert model.log_likelihood == pytest.approx(-9582.4, abs=0.1)

    def test_the_next_39_weeks(self, log):
        rows, days = log
        known = visits(rows, days, until_day=self.CALIBRATION_DAYS)
        later = visits(rows, days, until_day=self.CALIBRATION_DAYS + self.HOLDOUT_DAYS).repeats - known.repeats

        expected = OrdersToCome.fitted(known).expected(known, self.HOLDOUT_DAYS)

        naive = known.repeats / np.maximum(known.age, 1) * self.HOLDOUT_DAYS
        assert np.abs(expected - later).mean() <= 0.79 < np.abs(naive - later).mean()
        assert expected.sum() == pytest.approx(later.sum(), rel=0.15)
