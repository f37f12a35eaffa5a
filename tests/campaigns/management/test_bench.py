import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from campaigns.management.benchmarks import BENCHMARKS, ONLY_BY_NAME, Measurement
from campaigns.management.benchmarks.measuring import scratch_database, watched
from loyalty.models import Customer


@pytest.mark.django_db(transaction=True)
def test_a_scratch_database_is_empty_apart_and_gone_afterwards():
    Customer.objects.create(external_id="A")
    with scratch_database():
        scratch = connection.settings_dict["NAME"]
        assert not Customer.objects.exists()
        Customer.objects.create(external_id="B")

    assert list(Customer.objects.values_list("external_id", flat=True)) == ["A"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [scratch])
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db
def test_memory_that_was_needed_for_a_moment_is_seen():
    with watched() as watch:
        block = bytearray(64 * 1024 * 1024)
        block[::4096] = b"x" * len(block[::4096])
    with watched() as after:
        del block

    assert watch.peak_mb > after.peak_mb + 30 or watch.peak_mb > 64
    assert watch.seconds > 0


@pytest.mark.django_db(transaction=True)
def test_figures_are_kept_beside_their_peer(tmp_path, monkeypatch, capsys):
    one = Measurement("counting", 1200.0, "rows/s", "a bare loop: 2,400 rows/s", 0.5, 12.0)
    monkeypatch.setitem(BENCHMARKS, "counting", lambda: [one])

    call_command("bench", "counting", output=tmp_path / "deep" / "bench.json")

    (kept,) = json.loads((tmp_path / "deep" / "bench.json").read_text())
    assert kept.keys() == {"name", "value", "unit", "peer", "ratio", "peak_mb", "own_mb"}
    assert "a bare loop" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_what_takes_long_is_measured_only_when_it_is_named(tmp_path, monkeypatch):
    done = []
    for name in BENCHMARKS:
        monkeypatch.setitem(BENCHMARKS, name, lambda name=name: done.append(name) or [])
    call_command("bench", output=tmp_path / "bench.json")
    assert set(done) == set(BENCHMARKS) - ONLY_BY_NAME


def test_an_unknown_benchmark_is_named():
    with pytest.raises(CommandError, match="no benchmark called juggling"):
        call_command("bench", "juggling")
