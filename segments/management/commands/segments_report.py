"""Print how a shop's customers divide: by RFM, by lifecycle, and into groups found in the data. Nothing is written."""

from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from loyalty.queries.orders import data_horizon
from loyalty.services.progress import QuietProgress
from segments.engine.advice import advice, going_on
from segments.engine.lifecycle import LifecycleSpec
from segments.engine.rfm import RfmSpec
from segments.engine.rhythm import TooLittleHistory
from segments.engine.states import STATES
from segments.queries.groups import saved_rfm_spec
from segments.queries.histories import ShopHistory, shop_history
from segments.services.drifting import Later, looked_again
from segments.services.finding import Found, find_segments
from segments.services.groups import lifecycle_of, rfm_of
from segments.services.specs import SegmentSpec


class Command(BaseCommand):
    help = "Print RFM groups, lifecycle states and the segments found in the data, as of a moment."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", type=datetime.fromisoformat, help="a moment; by default the newest order")
        parser.add_argument("--then", type=datetime.fromisoformat, help="find segments at this moment first, and go on")
        parser.add_argument("--only", choices=("rfm", "lifecycle", "clusters"), help="one part instead of all three")

    def handle(self, *args: Any, **options: Any) -> None:
        as_of = _aware(options["as_of"]) or data_horizon()
        if as_of is None:
            raise CommandError("There are no orders. Import some, or run the demo.")
        shop = shop_history(as_of=as_of)
        if not len(shop.histories):
            raise CommandError("There are no orders before that moment.")
        if options["only"] in (None, "rfm"):
            self._rfm(shop, saved_rfm_spec())
        if options["only"] in (None, "lifecycle"):
            self._lifecycle(shop)
        if options["only"] in (None, "clusters"):
            self._found(_aware(options["then"]), as_of)

    def _found(self, then: datetime | None, as_of: datetime) -> None:
        if then is None:
            self._clusters(find_segments(SegmentSpec(), as_of, QuietProgress()))
            return
        later = looked_again(SegmentSpec(), then=then, now=as_of, report=QuietProgress())
        self._clusters(later.then)
        self._clusters(later.now)
        self._gone_on(later)

    def _gone_on(self, later: Later) -> None:
        carried, moved = later.carried, later.drift
        names = [words.label for words in later.then.features.words]
        furthest = moved.furthest
        self.stdout.write(
            f"\n{'Drifted' if moved.has_drifted else 'Not drifted'}: “{names[furthest]}” moved most, stability index "
            f"{moved.index[furthest]:.2f}, limit {moved.limit[furthest]:.2f}\n"
            f"{going_on(later.now.clustering, later.now.plan)}\n"
            f"By the borders then and now, {carried.n_customers:,} customers: adjusted Rand index "
            f"{carried.agreement:.3f} [{carried.low:.3f}, {carried.high:.3f}]; {len(carried.before_of)} of "
            f"{later.then.clustering.k} segments go on"
        )
        for label, before in sorted(carried.before_of.items(), key=lambda pair: pair[1]):
            self.stdout.write(f"  {later.then.profiles[before].name} → {later.now.profiles[label].name}")

    def _rfm(self, shop: ShopHistory, spec: RfmSpec) -> None:
        _, facts = rfm_of(shop, spec)
        self._groups(f"RFM, {spec.recency} x {spec.frequency} x {spec.monetary} scores", facts)
        if facts["ties"]:
            self.stdout.write(facts["ties"])

    def _lifecycle(self, shop: ShopHistory) -> None:
        try:
            _, facts = lifecycle_of(shop, LifecycleSpec())
        except TooLittleHistory as problem:
            self.stdout.write(f"Lifecycle: {problem}")
            return
        self._groups("Lifecycle", facts)
        days = facts["rule"]["horizon_days"]
        self.stdout.write(f"\nOrdered again within {days} days, seen after {facts['chosen_on']} (95 % interval)")
        for one in facts["came_back"]:
            if one["n_looks"]:
                told = f"{one['share']:6.1%} [{one['low']:.1%}, {one['high']:.1%}]"
                self.stdout.write(f"{STATES[one['state']]:16}{told}  {one['n_customers']:,} customers")

    def _groups(self, title: str, facts: dict[str, Any]) -> None:
        groups = facts["groups"]
        n, spend = sum(one["n_customers"] for one in groups), sum(one["spend"] for one in groups)
        self.stdout.write(f"\n{title}: {n:,} customers; days, orders and spend are the middle customer's")
        self._line("group", ["customers", "share", "of spend", "days ago", "orders", "spend"])
        for one in groups:
            shares = [f"{one['n_customers'] / max(n, 1):.1%}", f"{one['spend'] / max(spend, 1):.1%}"]
            middle = [_told(one[name]) for name in ("recency_days", "orders", "spend_middle")]
            self._line(one["name"], [f"{one['n_customers']:,}", *shares, *middle])

    def _clusters(self, found: Found) -> None:
        clustering, score = found.clustering, found.clustering.score
        self.stdout.write(
            f"\nFound in the data: {clustering.k} segments; silhouette {clustering.silhouette:.3f}, mixed at random "
            f"{clustering.null_silhouette:.3f}; stability {score.stability:.2f}\n{clustering.verdict}"
        )
        for sentence in advice(clustering, found.plan, len(found.features.words)):
            self.stdout.write(sentence)
        labels = [words.label for words in found.features.words]
        self.stdout.write("Days, orders and amounts are the middle customer's, shares the mean.")
        self._line("segment", ["customers", "share", *(label[:11] for label in labels)])
        for one in found.profiles:
            self._line(
                one.name, [f"{one.n_customers:,}", f"{one.share:.1%}", *(f"{value:,.2f}" for value in one.usual)]
            )

    def _line(self, name: str, values: Sequence[str]) -> None:
        self.stdout.write(f"{name:44}" + "".join(f"{value:>12}" for value in values))


def _aware(moment: datetime | None) -> datetime | None:
    return timezone.make_aware(moment) if moment is not None and timezone.is_naive(moment) else moment


def _told(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
