import json

import pytest
from django.core.management import CommandError, call_command

from tests.campaigns.launch_shop import open_launch_shop

FIGURES = {"within_launch_auc", "buyers_in_best_tenth", "auc_interval", "best_tenth_interval"}


@pytest.mark.django_db
def test_the_last_launches_are_judged_beside_the_rules_and_a_coin_toss(tmp_path, capsys):
    open_launch_shop()

    call_command("backtest", of="launches", json=tmp_path / "told.json")

    told = json.loads((tmp_path / "told.json").read_text())
    total = told["total"]
    assert set(total) >= FIGURES
    assert total["within_launch_auc"] > told["baselines"]["rule: activity"]["within_launch_auc"] + 0.1
    assert total["total_ratio"] == pytest.approx(1.0, abs=0.3)
    assert len(told["launches"]) == total["n_launches"]
    assert all(line["low90"] <= line["high90"] for line in told["launches"])
    printed = capsys.readouterr().out
    assert "customers alone decide (coin toss)" in printed
    assert "rule: brand frequency" in printed


@pytest.mark.django_db
def test_a_shop_without_launches_is_told_what_is_missing():
    open_launch_shop(n_launches=0)

    with pytest.raises(CommandError, match="30 earlier launches"):
        call_command("backtest", of="launches")


@pytest.mark.django_db
def test_an_empty_shop_is_told_what_to_do():
    with pytest.raises(CommandError, match="Import some first"):
        call_command("backtest", of="launches")
