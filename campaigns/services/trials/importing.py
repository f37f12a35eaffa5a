"""A trial's file: kept, then taken in as a whole or not at all. The same file again changes nothing."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files import File
from django.db import IntegrityError, transaction

from campaigns.models import Trial, TrialArm, TrialPerson, TrialRejection
from campaigns.services.trials.plans import TrialPlan, check_days, check_plan
from campaigns.services.trials.reading import TrialTable, read_trial_file
from loyalty.models import Customer, Job
from loyalty.services.copying import array_literal, copy_rows
from loyalty.services.ingest import FileLook, FileRefused, look_at
from loyalty.services.jobs import Step, create_job, create_steps
from loyalty.services.progress import Progress

IMPORT_TASK, READ_TASK = "campaigns.import_trial", "campaigns.read_trial"
SEED = 20170101
SHARD_ROWS = 20_000
MOST_REJECTIONS = 1_000
COLUMNS = (
    "trial_id", "row", "customer_id", "group", "arm", "outcome", "value", "attributed", "propensity", "features",
)  # fmt: skip
GONE = "The uploaded file is no longer there. Upload it again."


class TrialNotOpen(Exception):
    """The trial was read already, or somebody is at it."""


def keep_trial_file(*, name: str, file: "File[bytes]", by: User | None, at: datetime) -> Trial:
    """Keep an upload as a draft. Raises FileRefused when the name is taken or the file holds no table."""
    if (file.size or 0) > settings.MAX_UPLOAD_BYTES:
        raise FileRefused(f"The file is larger than {settings.MAX_UPLOAD_BYTES >> 20} MB. Pack it as .csv.gz.")
    with transaction.atomic():
        trial = _named(name, file.name or "upload", by, at)
        path = kept_file(trial)
        path.parent.mkdir(parents=True, exist_ok=True)
        trial.fingerprint = _write(file, path)
        trial.save(update_fields=["fingerprint"])
        try:
            look_at(path)
        except FileRefused:
            path.unlink()
            raise
    return trial


def look_at_trial(trial: Trial) -> FileLook:
    """The first rows of a draft. Raises FileRefused when its file is gone."""
    path = kept_file(trial)
    if not path.exists():
        raise FileRefused(GONE)
    return look_at(path)


@transaction.atomic
def start_trial(*, trial: Trial, plan: TrialPlan, by: User | None, at: datetime) -> Job:
    """Decide what the columns are and queue the reading. Raises TrialNotOpen, FileRefused."""
    held = Trial.objects.select_for_update(no_key=True).get(pk=trial.pk)
    if held.state not in (Trial.State.DRAFT, Trial.State.FAILED):
        raise TrialNotOpen(f"“{held.name}” was read already, or is being read.")
    check_plan(plan, look_at_trial(held).names)
    about = {"trial_id": held.pk, "seed": SEED}
    steps = [Step(IMPORT_TASK, "Take in the people", about), Step(READ_TASK, "Learn what the campaign changed", about)]
    job = create_steps(label=f"Read the trial “{held.name}”"[:200], steps=steps, by=by, at=at)
    _decide(held, plan)
    held.state, held.job, held.note = Trial.State.WAITING, job, ""
    held.save()
    return job


def take_trial(*, name: str, file: "File[bytes]", plan: TrialPlan, by: User | None, at: datetime) -> Job:
    """Keep an upload and queue its reading in one go; the same file under the same name is the job it was before.

    Raises FileRefused.
    """
    known = Trial.objects.select_related("job").filter(name=name).first()
    if known is not None and known.job is not None and known.fingerprint == _digest(file):
        return known.job
    with transaction.atomic():
        trial = keep_trial_file(name=name, file=file, by=by, at=at)
        try:
            return start_trial(trial=trial, plan=plan, by=by, at=at)
        except FileRefused:
            # The row goes with the transaction; the file would stay.
            kept_file(trial).unlink()
            raise


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What may be said of a trial after it was taken in: its price, and on which days it ran."""

    contact_cost: Decimal | None = None
    outcome_value: Decimal | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@transaction.atomic
def read_again(*, trial: Trial, worth: Worth, by: User | None, at: datetime) -> Job:
    """Queue reading the same people once more, at another price. Raises TrialNotOpen while somebody is at it,
    FileRefused."""
    held = Trial.objects.select_for_update(no_key=True).get(pk=trial.pk)
    if held.state != Trial.State.DONE:
        raise TrialNotOpen(f"“{held.name}” is not read yet. Wait until it is.")
    check_days(worth.starts_at, worth.ends_at)
    about = {"trial_id": held.pk, "seed": SEED}
    job = create_job(task=READ_TASK, label=f"Read the trial “{held.name}” again"[:200], params=about, by=by, at=at)
    for name, value in vars(worth).items():
        setattr(held, name, value)
    held.state, held.job = Trial.State.WAITING, job
    held.save()
    return job


def begin_trial(*, name: str, path: Path, plan: TrialPlan, by: User | None, at: datetime) -> Trial:
    """The trial of a file where it lies; the one that is there if this file was read under this name.

    Raises FileRefused.
    """
    fingerprint = _fingerprint(path)
    known = Trial.objects.filter(name=name).first()
    if known is not None and known.fingerprint != fingerprint:
        raise FileRefused(f"There is a trial “{name}” from another file already. Choose another name.")
    if known is not None and known.state == Trial.State.DONE:
        return known
    with transaction.atomic():
        trial = known or _named(name, path.name, by, at)
        trial.fingerprint, trial.state = fingerprint, Trial.State.WAITING
        _decide(trial, plan)
        trial.save()
    return trial


def import_trial(*, trial: Trial, path: Path, report: Progress) -> dict[str, Any]:
    """Take in a trial's people. Done again, it says what it did and does nothing. Raises FileRefused."""
    if trial.n_people:
        return _summary(trial)
    if not path.exists():
        raise FileRefused(GONE)
    try:
        table = read_trial_file(path, TrialPlan.from_json(trial.plan), report)
    except FileRefused as refusal:
        fail_trial(trial, str(refusal))
        raise
    report(6, 10, f"Writing {table.n_people:,} people")
    with report.writing():
        held = Trial.objects.select_for_update(no_key=True).get(pk=trial.pk)
        if not held.n_people:
            _write_all(held, table, report)
    trial.refresh_from_db()
    return _summary(trial)


def fail_trial(trial: Trial, sentence: str) -> None:
    """Say why a trial could not be read; it may be tried again with other decisions."""
    Trial.objects.filter(pk=trial.pk).exclude(state=Trial.State.DONE).update(state=Trial.State.FAILED, note=sentence)


def kept_file(trial: Trial) -> Path:
    """Where the file of an upload is kept until it is taken in."""
    folder: Path = settings.UPLOAD_DIR
    return folder / f"trial-{trial.pk}.upload"


def _named(name: str, source: str, by: User | None, at: datetime) -> Trial:
    try:
        with transaction.atomic():
            return Trial.objects.create(name=name, source=source[:200], imported_by=by, created_at=at)
    except IntegrityError as error:
        raise FileRefused(f"There is a trial “{name}” already. Choose another name.") from error


def _decide(trial: Trial, plan: TrialPlan) -> None:
    trial.plan, trial.outcome_name, trial.currency = plan.to_json(), plan.outcome[:64], plan.currency
    trial.contact_cost, trial.outcome_value = plan.contact_cost, plan.outcome_value
    trial.starts_at, trial.ends_at = plan.starts_at, plan.ends_at


def _write_all(trial: Trial, table: TrialTable, report: Progress) -> None:
    """Everything of one file, in the caller's transaction."""
    plan = TrialPlan.from_json(trial.plan)
    customers = _customers(table.persons)
    for start in range(0, table.n_people, SHARD_ROWS):
        rows = range(start, min(start + SHARD_ROWS, table.n_people))
        copy_rows(TrialPerson._meta.db_table, COLUMNS, _people(trial, table, customers, rows))
        report(6 + 4 * rows.stop // table.n_people, 10, f"Writing {rows.stop:,} of {table.n_people:,} people")
    sizes = np.bincount(table.arm_rows, minlength=len(table.arms))
    TrialArm.objects.bulk_create(
        TrialArm(trial=trial, position=place, name=name[:100], planned_share=plan.shares.get(name), n_people=int(size))
        for place, (name, size) in enumerate(zip(table.arms, sizes, strict=True))
    )
    _write_rejections(trial, table)
    trial.feature_names = list(table.features.names)
    trial.n_people, trial.n_rejected = table.n_people, len({problem.line for problem in table.rejected})
    trial.n_customers = sum(person in customers for person in table.persons if person)
    trial.note = "\n".join(table.features.left_out)
    trial.save()


def _write_rejections(trial: Trial, table: TrialTable) -> None:
    TrialRejection.objects.bulk_create(
        (
            TrialRejection(
                trial=trial, line=one.line, column=one.column, value=one.value[:200], reason=one.reason[:300]
            )
            for one in table.rejected[:MOST_REJECTIONS]
        ),
        ignore_conflicts=True,
    )


def _customers(persons: Sequence[str]) -> dict[str, int]:
    """Which people of a trial are customers, by external id."""
    wanted = sorted({person for person in persons if person})
    found: dict[str, int] = {}
    for start in range(0, len(wanted), SHARD_ROWS):
        some = Customer.objects.filter(external_id__in=wanted[start : start + SHARD_ROWS])
        found.update(some.values_list("external_id", "pk"))
    return found


def _people(trial: Trial, table: TrialTable, customers: dict[str, int], rows: range) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield (
            trial.pk,
            table.lines[row],
            customers.get(table.persons[row], "\\N"),
            table.groups[row],
            table.arm_rows[row],
            table.outcome[row],
            table.value[row],
            table.attributed[row],
            array_literal(table.propensity[row].tolist()) if len(table.propensity) else "{}",
            array_literal(table.features.values[row].tolist()),
        )


def _write(file: "File[bytes]", path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("wb") as kept:
        for chunk in file.chunks():
            digest.update(chunk)
            kept.write(chunk)
    return digest.hexdigest()


def _digest(file: "File[bytes]") -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _fingerprint(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _summary(trial: Trial) -> dict[str, Any]:
    return {"trial_id": trial.pk, "people": trial.n_people, "rejected": trial.n_rejected}
