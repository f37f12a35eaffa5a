"""Somebody pins or blocks a relation, or a product as a whole; a later word replaces an earlier one."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from loyalty.models import Product
from loyalty.services.trail import because
from recommender.models import ProductRelation, ProductRuling, RelationRuling, Verdict
from recommender.models.placements import PLACEMENTS

MAX_REASON = 300


class RulingInvalid(Exception):
    """What was asked for cannot be written down; the message says why."""


@transaction.atomic
def rule_relation(
    *, product: Product, other: Product, kind: str, verdict: str, reason: str, by: AbstractBaseUser, at: datetime
) -> RelationRuling:
    """Pin or block how `other` stands to `product`. It holds whatever is learnt later. Raises RulingInvalid."""
    _check(verdict, reason)
    if kind not in ProductRelation.Kind.values:
        raise RulingInvalid("Relation: choose similar, instead of it, together with it, or a better one.")
    if product == other:
        raise RulingInvalid("Other product: a product cannot stand in a relation to itself.")
    values = {"verdict": verdict, "reason": reason.strip(), "by": by, "at": at}
    with because(reason.strip()):
        return RelationRuling.objects.update_or_create(product=product, other=other, kind=kind, defaults=values)[0]


@transaction.atomic
def lift_relation_ruling(*, product: Product, other: Product, kind: str) -> None:
    """Let what was learnt decide again."""
    RelationRuling.objects.filter(product=product, other=other, kind=kind).delete()


@transaction.atomic
def block_product(*, product: Product, reason: str, by: AbstractBaseUser, at: datetime) -> ProductRuling:
    """Never recommend the product, anywhere; its pins go."""
    _check(Verdict.BLOCKED, reason)
    ProductRuling.objects.filter(product=product, verdict=Verdict.PINNED).delete()
    return _rule(product, "", {"verdict": Verdict.BLOCKED, "reason": reason.strip(), "by": by, "at": at})


@transaction.atomic
def pin_product(*, product: Product, placement: str, reason: str, by: AbstractBaseUser, at: datetime) -> ProductRuling:
    """Show the product first in one placement; a block on it goes. Raises RulingInvalid."""
    _check(Verdict.PINNED, reason)
    if placement not in PLACEMENTS:
        raise RulingInvalid(f"Placement: choose one of {', '.join(one.label for one in PLACEMENTS.values())}.")
    ProductRuling.objects.filter(product=product, verdict=Verdict.BLOCKED).delete()
    values = {"verdict": Verdict.PINNED, "reason": reason.strip(), "by": by, "at": at}
    return _rule(product, placement, values)


@transaction.atomic
def lift_product_rulings(*, product: Product) -> None:
    """Neither pinned nor blocked any more."""
    ProductRuling.objects.filter(product=product).delete()


def _rule(product: Product, placement: str, values: dict[str, object]) -> ProductRuling:
    with because(str(values["reason"])):
        return ProductRuling.objects.update_or_create(product=product, placement=placement, defaults=values)[0]


def _check(verdict: str, reason: str) -> None:
    if verdict not in Verdict.values:
        raise RulingInvalid("Say whether to pin or to block it.")
    if len(reason.strip()) > MAX_REASON:
        raise RulingInvalid(f"Reason: keep it to {MAX_REASON} letters.")
    if "\0" in reason:
        raise RulingInvalid("Reason: remove the unreadable sign.")
