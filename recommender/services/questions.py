"""What is asked for when a list is asked for. What is not understood is refused: ignoring it would answer otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass

from recommender.models.placements import DEFAULT, MOST, PLACEMENTS, Placement

NAMES = ("placement", "k", "session")
SESSION_LENGTH = 20
SKU_LENGTH = 64


class NoSuchPlacement(Exception):
    """There is no place of this name."""


class NotUnderstood(Exception):
    """`problems` says by the name of the parameter what to change."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


@dataclass(frozen=True)
class Question:
    """A list for `placement`, of `k` products or as many as the place shows; `session` is looked at, newest last."""

    placement: Placement
    k: int | None = None
    session: tuple[str, ...] = ()


def understood(told: Mapping[str, str]) -> Question:
    """The question that these parameters ask. Raises NotUnderstood."""
    problems = {name: f"There is no such parameter. Choose from: {', '.join(NAMES)}." for name in told.keys() - NAMES}
    placement, k, session = told.get("placement", DEFAULT), told.get("k"), told.get("session", "")
    skus = tuple(sku for sku in session.split(",") if sku)
    if placement not in PLACEMENTS:
        problems["placement"] = f"Must be one of: {', '.join(PLACEMENTS)}."
    if k is not None and not (k.isascii() and k.isdigit() and len(k) < 4 and 1 <= int(k) <= MOST):
        problems["k"] = f"Must be a whole number from 1 to {MOST}."
    if len(skus) > SESSION_LENGTH or any(len(sku) > SKU_LENGTH or "\x00" in sku for sku in skus):
        problems["session"] = f"At most {SESSION_LENGTH} SKUs with commas between, of at most {SKU_LENGTH} characters."
    if problems:
        raise NotUnderstood(problems)
    return Question(PLACEMENTS[placement], None if k is None else int(k), skus)


def placement_named(name: str) -> Placement:
    """Raises NoSuchPlacement."""
    if name not in PLACEMENTS:
        raise NoSuchPlacement(f"There is no placement {name}. Choose from: {', '.join(PLACEMENTS)}.")
    return PLACEMENTS[name]
