"""What `manage.py benchmark` puts to the test, by name.

To add one: write a `Trial` in `recommender/engine/trials/` and name it below.
"""

from recommender.engine.benchmark import Trial
from recommender.engine.trials.cold_starts import cold_starts
from recommender.engine.trials.launches import launches
from recommender.engine.trials.next_purchases import next_purchases
from recommender.engine.trials.relations import relations
from recommender.engine.trials.repeat_share import repeat_share
from recommender.engine.trials.unseen_customers import unseen_customers

TRIALS: dict[str, Trial] = {
    "launches": launches,
    "relations": relations,
    "unseen_customers": unseen_customers,
    "next_purchases": next_purchases,
    "cold_starts": cold_starts,
    "repeat_share": repeat_share,
}
