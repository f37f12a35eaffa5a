"""The back-test of uplift, in small; the whole of it is `manage.py backtest --of uplift --shuffles 100`."""

import pytest

from campaigns.management.backtests import uplift


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    for name, value in {"PLANTED_PEOPLE": 1500, "SHUFFLED_PEOPLE": 3000, "LOGS": 10, "A_A_RUNS": 10}.items():
        monkeypatch.setattr(uplift, name, value)


def test_without_the_public_trial_it_says_so_and_tells_the_planted_ones(monkeypatch):
    monkeypatch.delenv("REAL_DATA_DIR", raising=False)
    lines = []
    told = uplift.backtest_uplift(lines.append, 0, n_shuffles=1)
    assert set(told) == {"planted", "policy_value"}
    assert told["planted"]["nobody gains"] == 0
    assert "The public trial is not here" in lines[-1]


@pytest.mark.real_data
def test_the_published_turnout_is_reproduced(real_data_dir, monkeypatch):
    monkeypatch.setattr(uplift, "RANDOM_SCORES", 3)
    frame = uplift._read(real_data_dir / uplift.FILE)
    shares = {arm: frame.outcome[frame.arm_rows == place].mean() for place, arm in enumerate(frame.arms)}
    published = {"Control": 0.2966, "Neighbors": 0.3779, "Hawthorne": 0.3224, "Civic Duty": 0.3145}
    assert shares == pytest.approx(published, abs=5e-5)
