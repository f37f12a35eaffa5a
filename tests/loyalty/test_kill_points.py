"""`kill -9` of a real worker at random points of an import: it is taken up by itself, and nothing is lost or doubled.

With REAL_DATA_DIR the same over 1.1 million lines of The Complete Journey, at KILL_POINTS points (20).
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import psutil
import psycopg2
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pytest
from django.core.files import File
from django.db import connection

from loyalty.models import Customer, IngestRun, Job
from loyalty.services import jobs
from loyalty.services.ingest import accept_upload
from loyalty.tasks import wake
from tests.conftest import Worker, database_url, wait_until

pytestmark = [pytest.mark.worker, pytest.mark.django_db(transaction=True)]
StartWorker = Callable[..., Worker]
SEED = 20261125
# A job whose worker died five times is parked; so many kills one import must live through.
KILLS_AN_IMPORT = 4
MEGABYTE = 1024 * 1024
MOST_MEGABYTES = 400
TABLES = "loyalty_orderline, loyalty_order, loyalty_product, loyalty_rejectedrow"
# Every cell of every row as people know it: keys of the shop, and not our numbers, which differ from run to run.
CONTENT = """
SELECT (SELECT count(*) FROM loyalty_product), (SELECT count(*) FROM loyalty_order), count(*),
    sum(hashtextextended(concat_ws('|', o.external_id, c.external_id, o.ordered_at, o.store, l.line_number, p.sku,
        l.quantity, l.amount, l.discount, l.coupon_discount), 0)),
    (SELECT string_agg(indexdef, ';' ORDER BY indexname) FROM pg_indexes WHERE tablename = 'loyalty_orderline')
FROM loyalty_orderline l JOIN loyalty_order o ON o.id = l.order_id JOIN loyalty_product p ON p.id = l.product_id
LEFT JOIN loyalty_customer c ON c.id = o.customer_id
"""
Content = tuple[object, ...]


def content() -> Content:
    with connection.cursor() as cursor:
        cursor.execute(CONTENT)
        return tuple(cursor.fetchone())


def empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES} CASCADE")


@dataclass
class Survived:
    """What was found after each kill and at the end, and how much memory the workers had."""

    after_kills: list[Content] = field(default_factory=list)
    ends: list[Content] = field(default_factory=list)
    summaries: list[dict[str, int]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    peak_bytes: int = 0


def import_job(path: Path, at: datetime) -> Job:
    with path.open("rb") as file:
        upload = File(file, name=path.name)
        run = accept_upload(kind="orders", file=upload, by=None, at=at, unknown_products="create")
    return jobs.create_job(task="loyalty.ingest", label="Import orders", params={"run_id": run.pk}, by=None, at=at)


def state_of(job: Job) -> str:
    job.refresh_from_db()
    return job.state


def private_bytes(worker: Worker) -> int:
    """Of the process of the group that needs most, without what it shares with others."""
    found = 0
    for process in [worker.process, *_children(worker)]:
        try:
            memory = psutil.Process(process.pid).memory_info()
        except psutil.Error:
            continue
        found = max(found, memory.rss - memory.shared)
    return found


def _children(worker: Worker) -> Sequence[psutil.Process]:
    try:
        found: Sequence[psutil.Process] = psutil.Process(worker.process.pid).children(recursive=True)
    except psutil.Error:
        found = []
    return found


def take(path: Path, kills: Sequence[float], start_worker: StartWorker, at: datetime, into: Survived) -> None:
    """One import; a worker is killed so many seconds after it took the job up, then the next one, then one works on."""
    empty()
    nothing = content()
    job = import_job(path, at)
    wake(job)
    for attempt, seconds in enumerate([*kills, None], start=1):
        worker = start_worker()
        wait_until(lambda: job.attempt == attempt or state_of(job) in Job.ENDED_STATES, 120)  # noqa: B023
        began = time.monotonic()
        while state_of(job) == Job.State.RUNNING and (seconds is None or time.monotonic() - began < seconds):
            into.peak_bytes = max(into.peak_bytes, private_bytes(worker))
            time.sleep(0.02)
        if state_of(job) in Job.ENDED_STATES:
            break  # it was quicker than its kill, which would prove nothing any more
        worker.kill()
        into.after_kills.append(content())
    into.seconds.append(time.monotonic() - began)
    assert state_of(job) == Job.State.DONE, job.error + worker.output()[-2000:]
    worker.kill()
    into.ends.append(content())
    into.summaries.append({name: job.summary[name] for name in ("rows", "created", "rejected")})
    assert set(into.after_kills) <= {nothing, into.ends[-1]}, "killed, it must leave nothing or everything"


def survive(path: Path, n_kills: int, start_worker: StartWorker, at: datetime) -> Survived:
    """The import undisturbed, then as often as it takes to kill it at so many points of its time, drawn at random."""
    found = Survived()
    take(path, [], start_worker, at, found)
    chance = np.random.default_rng(SEED)
    while (n_left := n_kills - len(found.after_kills)) > 0:
        points = chance.uniform(0, found.seconds[0], min(n_left, KILLS_AN_IMPORT))
        take(path, list(points), start_worker, at, found)
    assert len(set(found.ends)) == 1, "every import must end with the same rows"
    return found


def small_file(folder: Path, n_orders: int = 10_000) -> Path:
    numbers = range(n_orders)
    lines = (f"O{number},c{number % 50},2017-03-0{1 + number % 9} 10:00Z,P{number % 500}" for number in numbers)
    rows = (f"{line},{amount}" for line in lines for amount in ("1,2.50", "2,1.25"))
    path = folder / "orders.csv"
    path.write_text("\n".join(["order_id,customer_id,ordered_at,sku,quantity,amount", *rows]) + "\n")
    Customer.objects.bulk_create(Customer(external_id=f"c{number}", name="") for number in range(50))
    return path


def test_an_import_lives_through_kills_at_random_points(start_worker: StartWorker, at, tmp_path):
    found = survive(small_file(tmp_path), 2, start_worker, at)

    assert len(found.after_kills) == 2
    assert found.ends[0][:3] == (500, 10_000, 20_000)
    assert IngestRun.objects.filter(state=IngestRun.State.DONE).count() == len(found.ends)


@pytest.fixture
def order_lines_locked() -> Iterator[None]:
    """A writer stops between the orders and their lines."""
    session = psycopg2.connect(database_url())
    session.cursor().execute("LOCK TABLE loyalty_orderline IN SHARE MODE")
    yield
    session.close()


def is_somebody_waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def test_without_the_guard_a_kill_leaves_half_an_import(start_worker: StartWorker, at, tmp_path, order_lines_locked):
    """The negative control: the same kill, and a worker that writes without the one transaction and its fence."""
    job = import_job(small_file(tmp_path, 1000), at)
    worker = start_worker("tests.unguarded")
    wake(job)
    wait_until(is_somebody_waiting_for_a_lock)
    worker.kill()

    assert content()[:3] == (500, 1000, 0), "orders without their lines: this is what the guard is for"


def complete_journey(real_data_dir: Path, folder: Path) -> Path:
    """1,095,564 lines under our names; the customers they are of are made first."""
    lines = pacsv.read_csv(real_data_dir / "complete_journey_dev" / "transactions.csv.gz")
    text = {name: pc.cast(lines[name], pa.string()) for name in lines.column_names}
    table = pa.table(
        {
            "order_id": text["basket_id"],
            "customer_id": text["household_id"],
            "ordered_at": pc.binary_join_element_wise(text["transaction_timestamp"], "Z", ""),
            "store": text["store_id"],
            "sku": text["product_id"],
            "quantity": text["quantity"],
            "amount": text["sales_value"],
            "discount": pc.round(pc.add(lines["retail_disc"], lines["coupon_match_disc"]), 2),
            "coupon_discount": text["coupon_disc"],
        }
    )
    path = folder / "orders.csv"
    pacsv.write_csv(table, path)
    keys = pc.unique(table["customer_id"]).to_pylist()
    Customer.objects.bulk_create(Customer(external_id=key, name="") for key in keys)
    return path


@pytest.mark.real_data
def test_a_million_lines_live_through_kills_at_random_points(start_worker: StartWorker, at, tmp_path, real_data_dir):
    n_kills = int(os.environ.get("KILL_POINTS", "20"))

    found = survive(complete_journey(real_data_dir, tmp_path), n_kills, start_worker, at)

    peak = found.peak_bytes / MEGABYTE
    print(f"{len(found.after_kills)} kills, {len(found.ends)} imports, {found.seconds[0]:.0f} s undisturbed")
    print(f"At most {peak:.0f} MB; {found.summaries[0]}; checksum {found.ends[0][3]}")
    assert all(summary == {"rows": 1_095_564, "created": 1_095_564, "rejected": 0} for summary in found.summaries)
    assert peak <= MOST_MEGABYTES
