"""An import in one sentence: what would happen, or what did."""

from dataclasses import dataclass

from loyalty.models import IngestRun

State = IngestRun.State
REFUSE_ALL = "refuse_all"


@dataclass(frozen=True)
class Verdict:
    """`colour` is good, fair or bad; `icon` a name of the sprite."""

    title: str
    text: str
    colour: str
    icon: str


@dataclass(frozen=True)
class Words:
    """What the counts are called before and after anything is written."""

    created: str
    updated: str
    rejected: str


BEFORE = Words("Would be new", "Would change", "Would be rejected")
AFTER = Words("New", "Changed", "Rejected")


def words(run: IngestRun) -> Words:
    return BEFORE if run.state == State.CHECKED else AFTER


def is_all_or_nothing(run: IngestRun) -> bool:
    return bool(run.mapping.get("on_bad_rows") == REFUSE_ALL)


def can_be_taken(run: IngestRun) -> bool:
    """Whether the import, as it was checked, would write anything down."""
    n_accepted = run.n_created + run.n_updated + run.n_unchanged
    return run.state == State.CHECKED and bool(n_accepted) and not (run.n_rejected and is_all_or_nothing(run))


def verdict(run: IngestRun) -> Verdict:
    return _of_a_check(run) if run.state == State.CHECKED else _of_an_end(run)


def _of_a_check(run: IngestRun) -> Verdict:
    n_taken = run.n_rows - run.n_rejected
    if run.n_rejected and is_all_or_nothing(run):
        text = (
            "You chose all or nothing. Correct these rows in the file and upload it again, or choose to leave them out."
        )
        return Verdict(f"{_rows(run.n_rejected)} cannot be taken, so nothing would be", text, "bad", "circle-x")
    if not n_taken:
        text = "Look at the reasons below. Often a column is mapped to the wrong one, or dates have another order."
        return Verdict("Not a single row can be taken", text, "bad", "circle-x")
    left_out = f"{_rows(run.n_rejected)} would be left out, for the reasons below." if run.n_rejected else ""
    colour, icon = ("fair", "alert-triangle") if run.n_rejected else ("good", "circle-check")
    if n_taken == run.n_unchanged:
        text = f"Every row that can be taken is known already, as it is here. {left_out}".strip()
        return Verdict("There is nothing new in it", text, colour, icon)
    if run.n_rejected:
        text = f"{left_out} Nothing has been written yet."
        return Verdict(f"{n_taken:,} of {_rows(run.n_rows)} can be taken", text, colour, icon)
    title = f"All {_rows(run.n_rows)} can be taken" if run.n_rows > 1 else "The row can be taken"
    return Verdict(title, "Nothing has been written yet.", colour, icon)


def _of_an_end(run: IngestRun) -> Verdict:
    n_changed = run.n_created + run.n_updated
    left_out = (
        f" {_rows(run.n_rejected)} {'was' if run.n_rejected == 1 else 'were'} left out." if run.n_rejected else ""
    )
    if not n_changed and not run.n_unchanged:
        return Verdict("No row was taken in", "The reasons are below.", "bad", "circle-x")
    if not n_changed:
        text = f"Every row taken was known already, so nothing changed.{left_out}"
        return Verdict("Nothing new", text, "fair" if run.n_rejected else "good", "circle-check")
    if run.n_rejected:
        them = "it" if run.n_rejected == 1 else "them"
        text = f"{left_out.strip()} Download {them}, correct {them} and import that file."
        return Verdict(f"{_rows(run.n_rows - run.n_rejected)} taken in", text, "fair", "alert-triangle")
    return Verdict(f"{_rows(run.n_rows)} taken in", "Every row of the file is in.", "good", "circle-check")


def _rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"
