"""What behaviour says a customer likes, or customers make of a product, each with the reason in words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Avg, Count, ExpressionWrapper, F, FloatField, Max

from loyalty.engine.ratings import Signal
from loyalty.models import Customer, ImplicitRating, Product
from loyalty.models.ratings import SIGNALS
from loyalty.templatetags.formats import day, decimals

FOR_SHOWN, AGAINST_SHOWN = 8, 6


@dataclass(frozen=True)
class Opinion:
    rating: ImplicitRating
    reason: str


@dataclass(frozen=True)
class Opinions:
    """The surest likes and dislikes of one customer."""

    likes: list[Opinion]
    dislikes: list[Opinion]

    def __bool__(self) -> bool:
        return bool(self.likes or self.dislikes)


def opinions_of(customer: Customer) -> Opinions:
    found = ImplicitRating.objects.filter(customer=customer).select_related("product__category")
    # How strongly something is for or against, and how sure that is.
    strength = ExpressionWrapper(F("value") * F("weight"), output_field=FloatField())
    ranked = found.annotate(strength=strength)
    liked = ranked.filter(value__gt=0).order_by("-strength", "-rated_at", "pk")[:FOR_SHOWN]
    disliked = ranked.filter(value__lt=0).order_by("strength", "-rated_at", "pk")[:AGAINST_SHOWN]
    return Opinions(*([Opinion(one, reason(one)) for one in rows] for rows in (liked, disliked)))


def reason(rating: ImplicitRating) -> str:
    return REASONS[Signal(rating.signal)](rating.evidence)


def _bought(evidence: dict[str, Any]) -> str:
    return f"Bought once, on {_day(evidence['last_on'])}"


def _bought_again(evidence: dict[str, Any]) -> str:
    return f"In {evidence['orders']:,} orders, last on {_day(evidence['last_on'])}"


def _picked(evidence: dict[str, Any]) -> str:
    return f"Picked among others looked at{_times(evidence)}, last on {_day(evidence['last_on'])}"


def _passed_over(evidence: dict[str, Any]) -> str:
    return f"Looked at, and another one bought{_times(evidence)}, last on {_day(evidence['last_on'])}"


def _removed(evidence: dict[str, Any]) -> str:
    return f"Taken out of the basket{_times(evidence)} and not bought since {_day(evidence['last_on'])}"


def _returned(evidence: dict[str, Any]) -> str:
    n = evidence["orders"]
    return f"Returned{f' {n:,} times' if n > 1 else ''}, last on {_day(evidence['last_on'])}"


def _silent(evidence: dict[str, Any]) -> str:
    usual = decimals(evidence["usual_gap_days"], 0 if evidence["usual_gap_days"] >= 10 else 1)
    stayed = f"Bought it first on {_day(evidence['bought_on'])}, then stayed away {evidence['gap_days']} days"
    return f"{stayed}; usually comes every {usual} days"


def _times(evidence: dict[str, Any]) -> str:
    return f" {evidence['events']:,} times" if evidence["events"] > 1 else ""


def _day(text: str) -> str:
    return day(date.fromisoformat(text))


REASONS: dict[Signal, Callable[[dict[str, Any]], str]] = {
    Signal.PURCHASE: _bought,
    Signal.REPEAT_PURCHASE: _bought_again,
    Signal.PICKED: _picked,
    Signal.PASSED_OVER: _passed_over,
    Signal.CART_REMOVAL: _removed,
    Signal.RETURN: _returned,
    Signal.SILENCE: _silent,
}


@dataclass(frozen=True)
class SignalCount:
    """Of one kind of sign: how many customers gave it, what it says on average, and when the newest came."""

    label: str
    n_customers: int
    value: float
    newest_at: datetime


def opinions_on(product: Product) -> list[SignalCount]:
    rows = ImplicitRating.objects.filter(product=product).order_by().values("signal")
    told = {row["signal"]: row for row in rows.annotate(n=Count("*"), mean=Avg("value"), newest=Max("rated_at"))}
    return [
        SignalCount(label, told[name]["n"], told[name]["mean"], told[name]["newest"])
        for name, label in SIGNALS
        if name in told
    ]
