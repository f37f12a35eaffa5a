"""One customer's list for one placement, now, with a reason for every product and a count of what is left out.

Made of what was worked out before (the shortlist, the neighbours) and of what changed since: purchases, stock, consent,
rulings. Never a learning library, never a look at all customers.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import numpy as np
import structlog

from loyalty.models import Consent, Customer
from recommender import registry
from recommender.engine.artefacts import ArtefactDamaged
from recommender.engine.neighbours import ItemNeighbours
from recommender.engine.online import NOBODY, Candidate, Rules, blend, diversify, exclude, in_order, near
from recommender.models import ScoringRun
from recommender.models.placements import MOST, Placement
from recommender.queries import online as queries
from recommender.queries.asked import Asked, asked_by_id
from recommender.queries.online import Fact, Known
from recommender.queries.substitutes import ranked_substitutes
from recommender.services.newcomers import stranger_list
from recommender.services.questions import Question, placement_named
from recommender.services.shortlists import REPEAT_SHARE
from recommender.services.wording import Words

log = structlog.get_logger(__name__)
REFUSED = (Consent.State.DENIED, Consent.State.REVOKED)
# So many of the last purchases speak for a customer who has no shortlist.
SEEDS = 20
POPULAR = 100
# So many candidates are looked at for each product shown.
LOOKED_AT = 3
RUN_FILES = ("neighbours", "neighbours_sha256", "cold_start", "cold_start_sha256")
DONE_WITH = "bought_and_not_bought_again"
SHORTLIST, NEIGHBOURS, NOTHING = "shortlist", "neighbours", "nothing"
TRAITS, POPULARITY = "traits", "popularity"
SOURCES = (SHORTLIST, NEIGHBOURS, TRAITS, POPULARITY, NOTHING)


@dataclass(frozen=True)
class ServedItem:
    """One product of a list. `because` and `in_place_of` are the products that the reason names."""

    product: Fact
    reason: str
    because: Fact | None = None
    in_place_of: Fact | None = None


@dataclass(frozen=True)
class ServedVersion:
    """What the list was made by."""

    id: int
    label: str
    algorithm: str


@dataclass(frozen=True)
class Served:
    """A list as it is given out. `left_out` counts products by the reason why they are not in it."""

    customer_id: int
    external_id: str
    placement: Placement
    source: str
    version: ServedVersion | None
    items: tuple[ServedItem, ...]
    left_out: dict[str, int]
    note: str
    made_at: datetime
    holds_until: datetime | None = None


def served_recommendations(
    customer: Customer, placement: str, at: datetime, *, k: int | None = None, session: Sequence[str] = ()
) -> Served:
    """What this customer would be shown now, without writing down that it was. Raises NoSuchPlacement."""
    asked = asked_by_id(customer.pk)
    assert asked is not None
    return made_list(asked, Question(placement_named(placement), k, tuple(session)), at)


def made_list(asked: Asked, question: Question, at: datetime) -> Served:
    """The list, from the beginning."""
    place = question.placement
    known = queries.known_of(
        asked.customer_id,
        placement=place.name,
        purpose=place.purpose,
        channel=place.channel,
        session=question.session,
        at=at,
    )
    empty = Served(asked.customer_id, asked.external_id, place, NOTHING, None, (), {}, "", at)
    empty = replace(empty, holds_until=known.consent_changes_at)
    if known.consent in REFUSED:
        return replace(empty, note=f"The customer refused {place.purpose} by {place.channel}.")
    return _Maker(asked, known, place, min(question.k or place.k, MOST), _neighbours(asked.run_id)).made(empty)


def _neighbours(run_id: int | None) -> ItemNeighbours | None:
    run = _run(run_id) if run_id is not None else None
    try:
        return registry.open_run_neighbours(run) if run else None
    except ArtefactDamaged as error:
        log.warning("neighbours.damaged", run_id=run_id, reason=str(error))
        return None


def _run(run_id: int) -> ScoringRun | None:
    """Its files never change, so it is read once a process."""
    if run_id not in _RUNS:
        found = ScoringRun.objects.filter(pk=run_id).only(*RUN_FILES).first()
        if found is None:
            return None
        _RUNS.clear()
        _RUNS[run_id] = found
    return _RUNS[run_id]


_RUNS: dict[int, ScoringRun] = {}


@dataclass
class _Maker:
    """One list on its way: candidates, what may not be shown, what stands in, what is spread."""

    asked: Asked
    known: Known
    placement: Placement
    k: int
    neighbours: ItemNeighbours | None
    times: dict[int, tuple[int, date | None]] = field(default_factory=dict)
    done_with: list[int] = field(default_factory=list)
    in_place_of: dict[int, int] = field(default_factory=dict)
    traits: dict[int, str] = field(default_factory=dict)

    def made(self, empty: Served) -> Served:
        self._read_purchases()
        candidates, source = self._candidates()
        candidates, counts = exclude(candidates, {"in_session": self._seen, DONE_WITH: self.done_with})
        # More than are shown, for some may not be; all of them only where too few are left.
        for looked_at in (LOOKED_AT * self.k, len(candidates)):
            items, more = self._items(candidates[:looked_at])
            if len(items) == self.k or looked_at >= len(candidates):
                break
        return replace(
            empty,
            source=source,
            version=self._version(source),
            items=tuple(items),
            left_out={**counts, **more},
            note="" if items else "Nothing is left that could be shown.",
        )

    def _items(self, candidates: list[Candidate]) -> tuple[list[ServedItem], dict[str, int]]:
        named = [one.because_id for one in candidates]
        facts = queries.facts_of({*(one.product_id for one in candidates), *named, *self._pinned()})
        left, counts = exclude(candidates, self._reasons(candidates, facts))
        left = exclude(left, {"pinned": self._pinned()}).candidates  # they come first of all
        left, n_out = self._in_stock(left, facts)
        chosen, n_alike = self._spread(left, facts)
        words = Words(facts, self.times, self.in_place_of, self._share, self.traits, self._new())
        items = [self._item(one, facts, words) for one in chosen]
        return items, {**counts, "out_of_stock": n_out, "too_many_of_a_category": n_alike}

    def _read_purchases(self) -> None:
        """From the shortlist, or from the orders themselves when something came since it was made."""
        stored = self.known.stored
        if stored is not None and stored.stamp == self.asked.stamp:
            bought = zip(stored.product_ids, stored.times_bought, stored.last_bought_on, strict=True)
            self.times = {product_id: (times, last_on) for product_id, times, last_on in bought}
            self.done_with = stored.done_with_ids
            return
        found = queries.bought_by(self.asked.customer_id)
        self.times = {one.product_id: (one.times, one.last_on) for one in found}
        self.done_with = [] if self.neighbours is None else self._done_with(self.neighbours)

    def _done_with(self, known: ItemNeighbours) -> list[int]:
        ids = np.fromiter(self.times, dtype=np.int64)
        rows = known.rows_of(ids)
        rates = np.where(rows >= 0, known.repeat_rate[rows], 1.0)
        once: list[int] = ids[rates < REPEAT_SHARE].tolist()
        return once

    def _candidates(self) -> tuple[list[Candidate], str]:
        stored, known = self.known.stored, self.neighbours
        looked_at = near(self._seen, known, from_session=True) if known is not None else []
        if stored is not None and stored.product_ids and not stored.traits:
            own = in_order(stored.product_ids, stored.because_ids)
            return blend(own, looked_at, weight=self.placement.session_weight), SHORTLIST
        if known is None:
            return [], NOTHING
        bought = near([one for one, (times, _) in self.times.items() if times][-SEEDS:], known, from_session=False)
        others, source = self._of_strangers(known)
        source = NEIGHBOURS if bought or looked_at else source
        # What fills the list up counts little: it comes after whatever speaks for this customer.
        filled = blend(bought, others, weight=0.1)
        return blend(filled, looked_at, weight=self.placement.session_weight), source

    def _of_strangers(self, known: ItemNeighbours) -> tuple[list[Candidate], str]:
        """What customers of the same kind buy, as far as traits may speak; else what most buy."""
        product_ids, traits = self._by_traits()
        self.traits = {product_id: one for product_id, one in zip(product_ids, traits, strict=True) if one}
        others = in_order(product_ids or known.most_bought(POPULAR).tolist())
        return others, TRAITS if self.traits else POPULARITY

    def _by_traits(self) -> tuple[Sequence[int], Sequence[str]]:
        stored, run = self.known.stored, _run(self.asked.run_id) if self.asked.run_id is not None else None
        if stored is not None and stored.traits:
            return stored.product_ids, stored.traits
        if run is None or self.times:
            return (), ()
        try:
            return stranger_list(run, self.asked.customer_id)
        except ArtefactDamaged as error:
            log.warning("cold_start.damaged", run_id=run.pk, reason=str(error))
            return (), ()

    def _new(self) -> Container[int]:
        return self.known.stored.new_ids if self.known.stored is not None else ()

    def _pinned(self) -> Sequence[int]:
        return self.known.pinned_ids

    @property
    def _seen(self) -> list[int]:
        return self.known.seen_ids

    def _reasons(self, candidates: list[Candidate], facts: Mapping[int, Fact]) -> dict[str, Sequence[int]]:
        return {
            "no_longer_sold": [one.product_id for one in candidates if one.product_id not in facts],
            "blocked": [product_id for product_id, fact in facts.items() if fact.is_blocked],
        }

    def _in_stock(self, candidates: list[Candidate], facts: dict[int, Fact]) -> tuple[list[Candidate], int]:
        """What is out of stock gives its place to the best that can be sold instead, or leaves."""
        ids = [one.product_id for one in candidates]
        out = [product_id for product_id in ids if facts[product_id].is_out]
        if not out:
            return candidates, 0
        taken = {*ids, *self._seen, *self.done_with, *self._pinned()}
        # Only what could have been shown needs somebody in its place.
        shown = set(ids[: 2 * self.k])
        self.in_place_of = _stand_ins([product_id for product_id in out if product_id in shown], facts, taken)
        instead = {product_id: one for one, product_id in self.in_place_of.items()}
        gone = set(out)
        left = [
            one._replace(product_id=instead.get(one.product_id, NOBODY)) if one.product_id in gone else one
            for one in candidates
        ]
        return [one for one in left if one.product_id != NOBODY], len(out)

    def _spread(self, candidates: list[Candidate], facts: Mapping[int, Fact]) -> tuple[list[Candidate], int]:
        unwanted = {*self._seen, *self.done_with}
        pinned = [one for one in self._pinned() if one in facts and not facts[one].is_out and one not in unwanted]
        first = in_order(pinned[: self.k])
        known = [facts[one.product_id].category_id for one in candidates]
        rules = Rules(k=self.k - len(first), per_group=self.placement.per_category)
        places = diversify([NOBODY if one is None else one for one in known], rules)
        n_alike = len(set(range(min(rules.k, len(candidates)))) - set(places))
        return [*first, *(candidates[place] for place in places)], n_alike

    def _item(self, chosen: Candidate, facts: Mapping[int, Fact], words: Words) -> ServedItem:
        product_id, because_id = chosen.product_id, chosen.because_id
        is_pinned = product_id in self._pinned()
        told = words.reason(product_id, because_id, chosen.from_session, is_pinned=is_pinned)
        instead = self.in_place_of.get(product_id)
        because = facts.get(because_id) if because_id != product_id else None
        return ServedItem(facts[product_id], told, because, None if instead is None else facts[instead])

    def _share(self, product_id: int) -> float:
        if self.neighbours is None:
            return 0.0
        row = int(self.neighbours.rows_of(np.array([product_id]))[0])
        return float(self.neighbours.buyers_share[row]) if row >= 0 else 0.0

    def _version(self, source: str) -> ServedVersion | None:
        stored = self.known.stored
        if source != SHORTLIST or stored is None:
            return None
        return ServedVersion(stored.version_id, stored.label, stored.algorithm)


def _stand_ins(out: Sequence[int], facts: dict[int, Fact], taken: Container[int]) -> dict[int, int]:
    """By what stands in, what it stands in for: as logged, or looked for where the log cannot say."""
    logged = {one: facts[one].stand_in_id for one in out if facts[one].is_logged}
    found: dict[int, int] = {}
    unclear = []
    for product_id in out:
        other = logged.get(product_id, NOBODY)
        if other is None:
            continue  # nothing is known to take its place
        fact = facts.get(other)
        if fact is None or fact.is_out or fact.is_blocked or other in taken or other in found:
            unclear.append(product_id)
        else:
            found[other] = product_id
    ranked = ranked_substitutes(unclear) if unclear else {}
    for product_id in unclear:
        others = (one.product_id for one in ranked.get(product_id, ()))
        other = next((one for one in others if one not in taken and one not in found), NOBODY)
        if other != NOBODY:
            found[other] = product_id
    facts.update(queries.facts_of(one for one in found if one not in facts))
    return found
