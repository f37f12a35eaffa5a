import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.loyalty.silent_shop import open_shop

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = StringIO()
    call_command("silence", *arguments, stdout=out)
    return out.getvalue()


def test_the_trial_prints_what_it_found_with_intervals(tmp_path):
    open_shop(share=0.0)
    written = tmp_path / "silence.json"

    text = run("--plant", "2", "--share", "0.4", "--seeds", "3", "--json", str(written))

    assert "nothing planted: 0 flagged" in text
    told = json.loads(written.read_text())
    recall, low, high = told["shares"]["0.4"]["recall"]
    assert low <= recall <= high
    assert recall >= 0.9
    assert told["shares"]["0.4"]["false_flags"][0] <= 1


def test_without_orders_there_is_nothing_to_try():
    with pytest.raises(CommandError, match="There are no orders"):
        run()


def test_too_few_products_to_plant_is_said():
    open_shop(share=0.0)
    with pytest.raises(CommandError, match="to be planted"):
        run("--plant", "500", "--seeds", "1")
