"""How long a shop waits for one customer's list: the whole way, by the site as it is started, with eight who ask.

Beside it the cheapest question there is: one record by its key, through the same server, key, limit and permissions.
"""

import itertools
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.utils.timezone import now

from campaigns.management.benchmarks.measuring import Measurement, backends, watched
from campaigns.management.benchmarks.serving import Site, served
from loyalty.services.keys import create_key
from recommender.engine.neighbours import N_NEIGHBOURS, ItemNeighbours, save_neighbours
from recommender.models import ModelVersion, ScoringRun
from recommender.services.stock import replace_what_is_out

N_PRODUCTS, N_CUSTOMERS, N_CATEGORIES = 100_000, 20_000, 500
CLIENTS = 8
CALLS = 2_400
# So few that each process of the site has all of them in its memory soon.
REMEMBERED = 40
AS_OF = datetime(2024, 7, 1, tzinfo=UTC)
FOLDER = "neighbours-bench"

SHOP = f"""
INSERT INTO loyalty_category (path, name) SELECT 'Shelf ' || n, 'Shelf ' || n FROM generate_series(1, {N_CATEGORIES}) n;
INSERT INTO loyalty_product
    (sku, name, category_id, brand, price, currency, stock, quantity_unit, text, attributes, is_catalogued)
SELECT 'S' || n, 'Product number ' || n, c.id, 'Own', 2.5, 'USD', CASE WHEN n % 20 = 0 THEN 0 ELSE 9 END, 'each', '',
    '{{}}', true
FROM generate_series(1, {N_PRODUCTS}) n JOIN loyalty_category c ON c.path = 'Shelf ' || (n % {N_CATEGORIES} + 1);
INSERT INTO loyalty_customer
    (external_id, name, age_group, gender, income_band, household_type, household_size, location, preferred_channel,
     attributes)
SELECT 'C' || n, 'Customer ' || n, '', '', '', '', '', '', '', '{{}}' FROM generate_series(1, {N_CUSTOMERS}) n;
INSERT INTO loyalty_order (external_id, customer_id, ordered_at, channel, store, currency)
SELECT c.external_id || '-' || n, c.id, '2024-06-30'::timestamptz - n * interval '9 days', 'web', '', 'USD'
FROM loyalty_customer c CROSS JOIN generate_series(1, 5) n;
INSERT INTO loyalty_orderline (order_id, line_number, product_id, quantity, amount)
SELECT o.id, n, p.first + (o.id * 7919 + n * 104729) % {N_PRODUCTS}, 1, 2.5
FROM loyalty_order o CROSS JOIN generate_series(1::bigint, 4) n, (SELECT min(id) AS first FROM loyalty_product) p;
INSERT INTO loyalty_consent (customer_id, purpose, channel, state, source, at)
SELECT id, 'marketing', 'email', CASE WHEN id % 10 = 0 THEN 'denied' ELSE 'granted' END, 'form', '2024-01-01'
FROM loyalty_customer;
"""  # noqa: S608 - our own numbers
# Nine customers in ten have a list; of those one in ten bought something since it was made.
LISTS = f"""
INSERT INTO recommender_shortlist
    (customer_id, model_version_id, run_id, product_ids, scores, because_ids, times_bought, last_bought_on,
     done_with_ids, traits, new_ids, stamp, made_at)
SELECT c.id, %(version)s, %(run)s, l.products, array_fill(0.5::float8, ARRAY[100]), l.because,
    array_fill(2, ARRAY[100]), array_fill('2024-06-01'::date, ARRAY[100]), l.products[90:95], '{{}}', '{{}}',
    CASE WHEN c.id %% 10 = 1 THEN '?' ELSE 'customer ' || c.id || ':' || m.n || '/' || m.newest END, now()
FROM loyalty_customer c
JOIN (SELECT source, sum(n) AS n, max(id) AS newest FROM loyalty_datachange GROUP BY source) m
    ON m.source = 'customer ' || c.id
CROSS JOIN LATERAL (
    SELECT array_agg(p.first + (c.id * 15485863 + n * 32452843) %% {N_PRODUCTS} ORDER BY n) AS products,
        array_agg(p.first + (c.id * 15485863 + n * 49979687) %% {N_PRODUCTS} ORDER BY n) AS because
    FROM generate_series(1::bigint, 100) n, (SELECT min(id) AS first FROM loyalty_product) p
) l
WHERE c.id %% 10 <> 2
"""  # noqa: S608 - our own numbers


SUBSTITUTES = """
INSERT INTO recommender_productrelation (product_id, other_id, kind, score, evidence, model_version_id)
SELECT id, id - 1, 'substitute', 0.5, '{}', %s FROM loyalty_product WHERE stock = 0
"""


class CallRefused(Exception):
    """A call of the benchmark was not answered as it should be."""


@dataclass(frozen=True)
class Waited:
    """Milliseconds of every call, shape (n,)."""

    milliseconds: np.ndarray
    seconds: float
    peak_mb: float

    def share(self, percent: float) -> float:
        return round(float(np.percentile(self.milliseconds, percent)), 2)

    @property
    def rate(self) -> float:
        return len(self.milliseconds) / self.seconds


def recommend_online() -> list[Measurement]:
    """Lists for mixed customers, places and sessions, each asked for once; a few asked for again and again; a peer."""
    with tempfile.TemporaryDirectory(prefix="bench-artefacts-") as folder:
        _make_shop(Path(folder))
        with served(ARTEFACT_DIR=folder, API_READS_PER_MINUTE="1000000") as site:
            header = _header()
            addresses = _mixed(CALLS + 100 * CLIENTS)
            _wait(site, header, addresses[CALLS:])  # the first calls wait for modules, plans and connections
            fresh = _wait(site, header, addresses[:CALLS])
            few = addresses[:REMEMBERED]
            _wait(site, header, few * CLIENTS)
            again = _wait(site, header, (few * (CALLS // REMEMBERED))[:CALLS])
            peer = _wait(site, header, [f"/api/v1/customers/C{n}" for n in range(1, CALLS + 1)])
    told = f"one customer by its key: p50 {peer.share(50)} ms, p99 {peer.share(99)} ms, {peer.rate:,.0f}/s"
    return [
        _measured("recommend_online_p99_ms", fresh, 99, peer, told),
        _measured("recommend_online_p50_ms", fresh, 50, peer, told),
        _measured("recommend_online_cached_p50_ms", again, 50, peer, told),
        _measured("recommend_online_cached_p99_ms", again, 99, peer, told),
    ]


def _measured(name: str, found: Waited, percent: float, peer: Waited, told: str) -> Measurement:
    ratio = round(found.share(percent) / peer.share(percent), 3)
    return Measurement(name, found.share(percent), "ms", f"{told}; ours {found.rate:,.0f}/s", ratio, found.peak_mb)


def _make_shop(folder: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SHOP)
        cursor.execute("SELECT min(id) FROM loyalty_product")
        first = cursor.fetchone()[0]
    version, related = _version("recommendation"), _version("product_relation")
    sha256 = save_neighbours(_neighbours(first), folder / FOLDER)
    run = ScoringRun.objects.create(
        key="bench", model_version=version, as_of=AS_OF, begun_at=AS_OF, neighbours=FOLDER, neighbours_sha256=sha256
    )
    with connection.cursor() as cursor:
        cursor.execute(LISTS, {"version": version.pk, "run": run.pk})
        cursor.execute(SUBSTITUTES, [related.pk])
        replace_what_is_out(now())
        cursor.execute("ANALYZE")


def _version(purpose: str) -> ModelVersion:
    return ModelVersion.objects.create(
        purpose=purpose, algorithm="bench", label="Bench", alias="champion", data_until=AS_OF, data_fingerprint="f",
        seed=0, code_version="1", fit_seconds=0, artefact="none", artefact_sha256="none", trained_at=AS_OF,
    )  # fmt: skip


def _neighbours(first: int) -> ItemNeighbours:
    rng = np.random.default_rng(0)
    near = rng.integers(0, N_PRODUCTS, (N_PRODUCTS, N_NEIGHBOURS), dtype=np.int32)
    similarity = -np.sort(-rng.random((N_PRODUCTS, N_NEIGHBOURS), dtype=np.float32), axis=1)
    share = rng.random(N_PRODUCTS, dtype=np.float32)
    ids = np.arange(first, first + N_PRODUCTS, dtype=np.int64)
    return ItemNeighbours(ids, near, similarity.astype(np.float16), share, np.full(N_PRODUCTS, 0.3, np.float32))


def _header() -> str:
    """The key of an ordinary person: that of a superuser would be spared the question what it may do."""
    user = User.objects.create_user("bench")
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return create_key(user=user, name="Benchmark", scope_names=["*:read"], at=now())[1]


def _mixed(n: int) -> list[str]:
    """Every customer in turn, every place, with what is looked at in two calls of three."""
    places = itertools.cycle(("home", "product_page", "basket", "email"))
    sessions = itertools.cycle(("", "&session=S17", "&session=S5,S70017,S1234"))
    return [
        f"/api/v1/customers/C{number}/recommendations?placement={place}{session}"
        for number, place, session in zip(range(1, n + 1), places, sessions, strict=False)
    ]


def _wait(site: Site, key: str, addresses: Sequence[str]) -> Waited:
    """Ask by as many connections at once as there are clients, each as soon as it has its answer."""
    ready = threading.Barrier(CLIENTS + 1)
    with watched(*site.processes(), *backends()) as watch, ThreadPoolExecutor(CLIENTS) as pool:
        parts = [pool.submit(_ask, site.port, key, addresses[number::CLIENTS], ready) for number in range(CLIENTS)]
        ready.wait()
        began = time.perf_counter()
        each = [part.result() for part in parts]
        seconds = time.perf_counter() - began
    return Waited(1000 * np.concatenate(each), seconds, watch.peak_mb)


def _ask(port: int, key: str, addresses: Sequence[str], ready: threading.Barrier) -> np.ndarray:
    """By hand: a client that works as hard as the server would measure itself."""
    taken = np.empty(len(addresses))
    with _connected(port) as (line, answers):
        ready.wait()
        for number, address in enumerate(addresses):
            began = time.perf_counter()
            line.sendall(f"GET {address} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
            _check_answer(answers, address)
            taken[number] = time.perf_counter() - began
    return taken


@contextmanager
def _connected(port: int) -> Iterator[tuple[socket.socket, object]]:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with line.makefile("rb") as answers:
            yield line, answers


def _check_answer(answers: object, address: str) -> None:
    status, length = answers.readline(), 0  # type: ignore[attr-defined]
    for header in iter(answers.readline, b"\r\n"):  # type: ignore[attr-defined]
        if header.lower().startswith(b"content-length:"):
            length = int(header.partition(b":")[2])
    body = answers.read(length)  # type: ignore[attr-defined]
    if b" 200 " not in status:
        raise CallRefused(f"{address} was answered {status!r}: {body[:300]!r}")
