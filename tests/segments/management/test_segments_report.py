import pytest
from django.core.management import CommandError, call_command

from segments.models import GroupReport, SegmentMembership
from tests.segments.shop import open_shop

pytestmark = pytest.mark.django_db


def test_tables_of_a_shop_are_printed_and_nothing_is_written(capsys):
    open_shop()

    call_command("segments_report", "--only", "rfm")
    call_command("segments_report", "--only", "lifecycle")

    told = capsys.readouterr().out
    for name in ("Champions", "Needs attention", "Won back", "Ordered again within 28 days"):
        assert name in told
    assert not GroupReport.objects.exists()
    assert not SegmentMembership.objects.exists()


def test_a_short_history_says_why_there_is_no_lifecycle(capsys):
    open_shop()
    call_command("segments_report", "--only", "lifecycle", "--as-of", "2024-03-01")
    assert "at least 120 are needed" in capsys.readouterr().out


def test_without_orders_there_is_nothing_to_print():
    with pytest.raises(CommandError, match="There are no orders"):
        call_command("segments_report")


def test_segments_of_an_earlier_moment_are_gone_on_from(capsys):
    open_shop()

    call_command("segments_report", "--only", "clusters", "--then", "2024-08-01")

    told = capsys.readouterr().out
    assert told.count("Found in the data") == 2
    assert "By the borders then and now" in told
    assert "segments go on" in told
