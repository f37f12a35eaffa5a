"""How fast records come in by the API, the whole way: HTTP, key, limit, check, write, and an answer for every row."""

import http.client
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.utils.timezone import now

from campaigns.management.benchmarks import peers
from campaigns.management.benchmarks.imports import take
from campaigns.management.benchmarks.measuring import Measurement, backends, watched
from campaigns.management.benchmarks.serving import Site, served
from campaigns.sources import complete_journey
from loyalty.services.keys import create_key

ROWS_A_CALL = 1000
CALLERS = 2
N_ROWS = 20_000
Row = dict[str, Any]


class CallRefused(Exception):
    """A call of the benchmark did not do what it should."""


@dataclass(frozen=True)
class Load:
    """Rows of one kind, and what stands beside them: Django's own way to add or change many rows at once."""

    noun: str
    rows: list[Row]
    peer: Callable[[list[Row]], None]

    @property
    def bodies(self) -> list[bytes]:
        starts = range(0, len(self.rows), ROWS_A_CALL)
        return [json.dumps({"rows": self.rows[start : start + ROWS_A_CALL]}).encode() for start in starts]


def api_batch_upsert() -> list[Measurement]:
    """Real orders with their lines, events made of their lines, and customers, in calls of a thousand."""
    take("customers", complete_journey.customers())
    take("products", complete_journey.products())
    loads = list(_loads())
    with served() as site:
        header = _key()
        return [_measured(site, header, load) for load in loads]


def _loads() -> Iterator[Load]:
    known = set(complete_journey.products()["sku"].to_pylist())
    lines = [line for line in complete_journey.orders().slice(0, N_ROWS * 10).to_pylist() if line["sku"] in known]
    yield Load("customers", [_customer(number) for number in range(N_ROWS)], peers.customers)
    yield Load("interactions", [_event(line) for line in lines[:N_ROWS]], peers.interactions)
    yield Load("orders", _orders(lines)[:N_ROWS], peers.orders)


def _customer(number: int) -> Row:
    return {"external_id": f"B-{number}", "name": f"Customer {number}", "location": "Cincinnati", "age_group": "35-44"}


def _event(line: Row) -> Row:
    return {
        "source": "web shop",
        "event_id": f"{line['order_id']}-{line['line_number']}",
        "customer": line["customer_id"],
        "type": "Product Viewed",
        "occurred_at": line["ordered_at"].isoformat(),
        "sku": line["sku"],
        "properties": {"place": line["line_number"]},
    }


def _orders(lines: Sequence[Row]) -> list[Row]:
    own = ("line_number", "sku", "quantity", "amount", "discount", "coupon_discount")
    found: dict[str, list[Row]] = defaultdict(list)
    heads: dict[str, Row] = {}
    for line in lines:
        heads[line["order_id"]] = {
            "external_id": line["order_id"],
            "customer": line["customer_id"],
            "ordered_at": line["ordered_at"].isoformat(),
            "store": line["store"],
        }
        found[line["order_id"]].append({name: line[name] for name in own})
    return [{**head, "lines": found[key]} for key, head in heads.items()]


def _key() -> dict[str, str]:
    user = User.objects.create_superuser("bench")
    _, told = create_key(user=user, name="Benchmark", scope_names=["*:write"], at=now())
    return {"Authorization": f"Bearer {told}", "Content-Type": "application/json"}


def _measured(site: Site, header: dict[str, str], load: Load) -> Measurement:
    address, bodies = f"/api/v1/{load.noun}/batch-upsert", load.bodies
    # The first calls wait for modules, plans and connections.
    _send(site, header, address, bodies[:CALLERS])
    with watched(*site.processes(), *backends()) as ours:
        n_taken = _send(site, header, address, bodies[CALLERS:])
    peers.empty(load.noun)
    with watched() as theirs:
        load.peer(load.rows)
    rate, beside = n_taken / ours.seconds, len(load.rows) / theirs.seconds
    peer = f"bulk_create(update_conflicts=True) of the same rows in one process: {beside:,.0f} rows/s"
    name = f"api_batch_upsert_{load.noun}"
    return Measurement(name, round(rate), "rows/s", peer, round(rate / beside, 3), ours.peak_mb)


def _send(site: Site, header: dict[str, str], address: str, bodies: Sequence[bytes]) -> int:
    """From as many callers as a connector would have; returns how many rows were created."""
    with ThreadPoolExecutor(CALLERS) as pool:
        shares = [bodies[number::CALLERS] for number in range(CALLERS)]
        return sum(pool.map(lambda share: _send_in_turn(site.port, header, address, share), shares))


def _send_in_turn(port: int, header: dict[str, str], address: str, bodies: Sequence[bytes]) -> int:
    caller = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    n_created = 0
    for body in bodies:
        caller.request("POST", address, body, header)
        answer = caller.getresponse()
        told = json.loads(answer.read())
        if answer.status != http.client.OK or told["counts"]["rejected"]:
            raise CallRefused(str(told)[:500])
        n_created += told["counts"]["created"]
    caller.close()
    return n_created
