"""Which column of a trial's file is which, and what is compared with what."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from loyalty.services.ingest import FileRefused

# Headings that people use, in our words. Compared in lower case, without anything but letters and digits.
ARM_NAMES = ("arm", "group", "treatment", "variant", "segment", "messages", "message", "mailing", "condition", "cell")
OUTCOME_NAMES = (
    "outcome", "visit", "visited", "response", "responded", "converted", "conversion", "purchase", "purchased",
    "bought", "redeemed", "primary2006", "y",
)  # fmt: skip
VALUE_NAMES = ("value", "spend", "revenue", "amount", "sales")
ATTRIBUTED_NAMES = ("attributed", "attributedrevenue", "credited")
PROPENSITY_NAMES = ("propensity", "chance", "probability")
PERSON_NAMES = ("customerid", "externalid", "customer", "personid", "userid", "id")
HOUSEHOLD_NAMES = ("household", "householdid", "hhid")
CONTROL_NAMES = (
    "control", "controlgroup", "holdout", "heldout", "none", "noemail", "nomail", "nomessage", "nothing", "untreated",
    "0", "false", "no",
)  # fmt: skip
# What happens after a campaign is no ground for choosing whom to send it to.
AFTERWARDS = (*OUTCOME_NAMES, *VALUE_NAMES, *ATTRIBUTED_NAMES, "clicked", "opened", "click", "open", "unsubscribed")
AMOUNTS, MOMENTS = ("contact_cost", "outcome_value"), ("starts_at", "ends_at")
ROLES = ("arm", "outcome", "value", "attributed", "propensity", "person", "household")


@dataclass(frozen=True, kw_only=True)
class TrialPlan:
    """What was decided about a file. `before` are the columns known before the campaign; None: all that are left.

    `shares` is the planned share of each arm by its name; empty where nobody knows the plan. What people did was
    counted at `starts_at <= t < ends_at`, aware.
    """

    arm: str
    outcome: str
    control: str
    value: str = ""
    attributed: str = ""
    propensity: str = ""
    person: str = ""
    household: str = ""
    before: tuple[str, ...] | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    contact_cost: Decimal | None = None
    outcome_value: Decimal | None = None
    currency: str = "USD"
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def taken(self) -> tuple[str, ...]:
        """The columns that have a role."""
        return tuple(name for role in ROLES if (name := getattr(self, role)))

    def to_json(self) -> dict[str, Any]:
        told = asdict(self)
        for name in AMOUNTS:
            told[name] = None if told[name] is None else str(told[name])
        for name in MOMENTS:
            told[name] = None if told[name] is None else told[name].isoformat()
        return {**told, "before": None if self.before is None else list(self.before), "shares": dict(self.shares)}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "TrialPlan":
        numbers = {name: None if told.get(name) is None else Decimal(told[name]) for name in AMOUNTS}
        moments = {name: datetime.fromisoformat(told[name]) if told.get(name) else None for name in MOMENTS}
        before = told.get("before")
        return cls(**{**told, **numbers, **moments, "before": None if before is None else tuple(before)})


def suggest_roles(names: Sequence[str]) -> dict[str, str]:
    """Which column seems to have which role; empty where none does."""
    known = {
        "arm": ARM_NAMES,
        "outcome": OUTCOME_NAMES,
        "value": VALUE_NAMES,
        "attributed": ATTRIBUTED_NAMES,
        "propensity": PROPENSITY_NAMES,
        "person": PERSON_NAMES,
        "household": HOUSEHOLD_NAMES,
    }
    plain = {plainly(name): name for name in reversed(names)}
    return {role: next((plain[word] for word in words if word in plain), "") for role, words in known.items()}


def suggest_control(arms: Sequence[str]) -> str:
    """Which of the arms seems to be the one that got nothing."""
    plain = {plainly(arm): arm for arm in reversed(arms)}
    return next((plain[word] for word in CONTROL_NAMES if word in plain), "")


def known_before(names: Sequence[str], roles: Mapping[str, str]) -> tuple[str, ...]:
    """The columns that seem to have been known before the campaign."""
    return tuple(name for name in names if name not in roles.values() and plainly(name) not in AFTERWARDS)


def plainly(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def check_plan(plan: TrialPlan, names: Sequence[str]) -> None:
    """Refuse, with a sentence, a plan that does not fit the columns of the file."""
    for role, told in (("arm", "which group a person was in"), ("outcome", "what people did")):
        if not getattr(plan, role):
            raise FileRefused(f"Choose the column that tells {told}.")
    unknown = [name for name in (*plan.taken, *(plan.before or ())) if name not in names]
    if unknown:
        raise FileRefused(f"There is no column “{unknown[0]}”. The file has {', '.join(names)}.")
    twice = [name for name in plan.taken if plan.taken.count(name) > 1]
    if twice:
        raise FileRefused(f"The column “{twice[0]}” cannot be two things at once. Choose another one for one of them.")
    clash = [name for name in plan.before or () if name in plan.taken]
    if clash:
        raise FileRefused(f"The column “{clash[0]}” has a part already, so it cannot also describe people beforehand.")
    if plan.shares and abs(sum(plan.shares.values()) - 1) > 0.001:
        raise FileRefused("The planned shares of the groups must add up to 100%.")
    check_days(plan.starts_at, plan.ends_at)


def read_shares(told: str) -> dict[str, float]:
    """Planned shares out of lines like “e-mail = 50%”. Raises ValueError."""
    lines = [line for part in told.splitlines() for line in part.split(";") if line.strip()]
    shares = {}
    for line in lines:
        name, found, share = line.rpartition("=")
        number = float(share.strip().removesuffix("%"))
        value = number / 100 if "%" in share or number > 1 else number
        if not found or not name.strip() or not 0 < value < 1:
            raise ValueError(line)
        shares[name.strip()] = value
    return shares


def check_days(starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Refuse, with a sentence, days of which one is missing, or that are the wrong way round."""
    if (starts_at is None) != (ends_at is None):
        raise FileRefused("Give both: the first day of the trial and the last one.")
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise FileRefused("The last day of the trial must not be before its first day.")
