"""What `manage.py backtest` replays, by name.

To add one: write a function that takes a `Write` and a seed, prints its tables and returns what goes into the JSON, and
name it below.
"""

from campaigns.management.backtests.campaigns import backtest_campaigns
from campaigns.management.backtests.features import backtest_features
from campaigns.management.backtests.launches import backtest_launches
from campaigns.management.backtests.printing import Backtest
from campaigns.management.backtests.uplift import backtest_uplift

BACKTESTS: dict[str, Backtest] = {
    "campaigns": backtest_campaigns,
    "launches": backtest_launches,
    "uplift": backtest_uplift,
    "features": backtest_features,
}
