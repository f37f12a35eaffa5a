"""What `manage.py benchmark` puts to the test, by name.

To add one: write a `Trial` in `recommender/engine/trials/` and name it below.
"""

from recommender.engine.benchmark import Trial

TRIALS: dict[str, Trial] = {}
