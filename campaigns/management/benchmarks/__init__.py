"""Figures that we publish, each measured in the same run as something it can be held against.

A benchmark is a function without arguments that returns its measurements. It works in a database of its own that
holds the tables and nothing else. To add one: write it in a module here and name it below.
"""

from collections.abc import Callable, Sequence

from campaigns.management.benchmarks.batches import api_batch_upsert
from campaigns.management.benchmarks.bulk import bulk_create
from campaigns.management.benchmarks.clusters import cluster_million
from campaigns.management.benchmarks.features import features_as_of, features_growth
from campaigns.management.benchmarks.groups import groups_million
from campaigns.management.benchmarks.imports import import_order_lines
from campaigns.management.benchmarks.measuring import Measurement
from campaigns.management.benchmarks.online import recommend_online
from campaigns.management.benchmarks.rehearsing import rehearse_million
from campaigns.management.benchmarks.rules import rules_of_segments
from campaigns.management.benchmarks.scoring import score_batch
from campaigns.management.benchmarks.simulating import simulate_demo, simulate_million

Benchmark = Callable[[], Sequence[Measurement]]
BENCHMARKS: dict[str, Benchmark] = {
    "import_order_lines": import_order_lines,
    "bulk_create": bulk_create,
    "cluster_million": cluster_million,
    "features_as_of": features_as_of,
    "features_growth": features_growth,
    "groups_million": groups_million,
    "api_batch_upsert": api_batch_upsert,
    "recommend_online": recommend_online,
    "score_batch": score_batch,
    "segment_rules": rules_of_segments,
    "simulate_demo": simulate_demo,
    "simulate_million": simulate_million,
    "rehearse_million": rehearse_million,
}

# These take many minutes; measured when they are named.
ONLY_BY_NAME = {"features_growth", "groups_million", "rehearse_million"}

__all__ = ["BENCHMARKS", "ONLY_BY_NAME", "Benchmark", "Measurement"]
