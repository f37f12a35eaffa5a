"""What `manage.py benchmark` puts to the test, by name.

To add one: write a `Trial` in `recommender/engine/trials/` and name it below.
"""

from recommender.engine.benchmark import Trial
from recommender.engine.trials.launches import launches

TRIALS: dict[str, Trial] = {"launches": launches}
