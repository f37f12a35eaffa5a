import json

import pytest
from django.core.management import CommandError, call_command

from campaigns.engine.feature_groups import GROUPS
from tests.campaigns.shop import open_shop


@pytest.mark.django_db
def test_every_group_of_features_is_told_with_what_it_saves(tmp_path, capsys):
    open_shop(n_campaigns=10)

    call_command("backtest", of="features", json=tmp_path / "told.json")

    told = json.loads((tmp_path / "told.json").read_text())["groups"]
    assert [one["name"] for one in told] == [group.name for group in GROUPS]
    coupons = told[0]["gain_first"]
    assert coupons["low"] <= coupons["mid"] <= coupons["high"]
    printed = capsys.readouterr().out
    assert all(group.label in printed for group in GROUPS)


@pytest.mark.django_db
def test_without_campaigns_it_says_what_to_do():
    open_shop(n_campaigns=3)

    with pytest.raises(CommandError, match="Import more past campaigns"):
        call_command("backtest", of="features")
