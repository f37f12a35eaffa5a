"""An import is all there or not there at all, whatever ends it."""

from contextlib import contextmanager

import psycopg2
import pytest
from django.db import DatabaseError, InterfaceError, connection, transaction

from loyalty.models import Category, Customer, IngestRun, Order, OrderLine, Product, RejectedRow
from loyalty.services.ingest import Options, from_table, ingest_rows, kind_named, start_run
from loyalty.services.ingest.staging import MANY_ROWS, TABLES
from loyalty.services.progress import JobCancelled, QuietProgress
from tests.worlds import shopping_table

N_MANY = MANY_ROWS + 1


class KilledWhileWriting(QuietProgress):
    """When everything is written and only the commit is missing, the server ends our connection."""

    @contextmanager
    def writing(self):
        with transaction.atomic():
            yield
            pid = connection.connection.info.backend_pid
            other = psycopg2.connect(connection.connection.dsn, password=connection.settings_dict["PASSWORD"])
            with other, other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            other.close()


class CancelledWhileReading(QuietProgress):
    def __call__(self, done, total, message=""):
        raise JobCancelled("asked to stop")


def begin(at, kind_name="orders"):
    options = Options(at=at, source="till", unknown_products="create")
    return start_run(kind=kind_named(kind_name), options=options, by=None), options


def bring(run, options, table, progress):
    kind = kind_named(run.kind)
    return ingest_rows(run=run, kind=kind, rows=from_table(kind, table), options=options, report=progress)


def counts():
    return [model.objects.count() for model in (Order, OrderLine, Product, Category, RejectedRow)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("n_lines", [40, N_MANY])
def test_a_connection_killed_before_the_commit_leaves_nothing_and_a_second_run_everything(at, n_lines):
    Customer.objects.create(external_id="c0")
    table = shopping_table(n_lines)
    run, options = begin(at)

    with pytest.raises((DatabaseError, InterfaceError)):
        bring(run, options, table, KilledWhileWriting())
    connection.close()
    assert counts() == [0, 0, 0, 0, 0]
    run.refresh_from_db()
    assert run.state == IngestRun.State.RUNNING

    report = bring(run, options, table, QuietProgress())
    assert (report.n_created, OrderLine.objects.count()) == (n_lines, n_lines)


@pytest.mark.django_db(transaction=True)
def test_a_cancelled_import_leaves_nothing_behind(at):
    run, options = begin(at)

    with pytest.raises(JobCancelled):
        bring(run, options, shopping_table(40), CancelledWhileReading())
    assert counts() == [0, 0, 0, 0, 0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname = ANY(%s)", [list(TABLES)])
        assert cursor.fetchone() == (0,)


def definitions():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = ANY(%s::regclass[]) "
            "UNION ALL SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
            "WHERE indrelid = ANY(%s::regclass[]) ORDER BY 1, 2",
            [["loyalty_order", "loyalty_orderline"]] * 2,
        )
        return cursor.fetchall()


def share_seen_by_all(table):
    with connection.cursor() as cursor:
        cursor.execute("SELECT relallvisible::float / relpages FROM pg_class WHERE oid = %s::regclass", [table])
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_a_first_load_sets_indexes_aside_and_makes_the_very_same_again(at):
    Customer.objects.create(external_id="c0")
    before = definitions()
    run, options = begin(at)

    report = bring(run, options, shopping_table(N_MANY), QuietProgress())

    assert report.n_created == N_MANY
    assert definitions() == before
    assert share_seen_by_all("loyalty_orderline") == 1.0
    again, options = begin(at)
    assert bring(again, options, shopping_table(N_MANY), QuietProgress()).n_unchanged == N_MANY


@pytest.mark.django_db
def test_a_table_that_holds_rows_keeps_its_indexes_while_many_come_in(at, django_assert_num_queries):
    customer = Customer.objects.create(external_id="c0")
    Order.objects.create(external_id="old", customer=customer, ordered_at=at, currency="USD")
    OrderLine.objects.create(
        order=Order.objects.get(),
        line_number=1,
        product=Product.objects.create(sku="p0", name="Tea", currency="USD"),
        quantity=1,
        amount=1,
    )
    run, options = begin(at)
    statements = []

    def listen(execute, sql, params, many, context):
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        bring(run, options, shopping_table(N_MANY), QuietProgress())

    assert OrderLine.objects.count() == N_MANY + 1
    assert not [sql for sql in statements if sql.startswith(("DROP INDEX", "ALTER TABLE"))]
