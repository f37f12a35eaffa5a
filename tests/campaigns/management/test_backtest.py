import json

import pytest
from django.core.management import CommandError, call_command

from tests.campaigns.shop import open_shop

TOTAL = {"auc", "ece", "wape", "coverage90", "width90", "interval_score90"}


@pytest.mark.django_db
def test_every_campaign_from_the_tenth_on_is_printed_and_kept(tmp_path, capsys):
    open_shop(n_campaigns=11)

    call_command("backtest", json=tmp_path / "told.json")

    told = json.loads((tmp_path / "told.json").read_text())
    assert set(told) == {"campaigns", "total", "baselines"}
    assert [line["campaign"] for line in told["campaigns"]] == ["Past 9"]
    assert set(told["total"]) == TOTAL
    assert all(set(total) == TOTAL for total in told["baselines"].values())
    printed = capsys.readouterr().out
    assert "Past 9" in printed
    assert "without the campaign effect" in printed


@pytest.mark.django_db
def test_too_little_history_is_said():
    open_shop(n_campaigns=3)

    with pytest.raises(CommandError, match="Import more past campaigns"):
        call_command("backtest")


@pytest.mark.django_db
def test_an_empty_shop_is_told_what_to_do():
    with pytest.raises(CommandError, match="Import some first"):
        call_command("backtest")
