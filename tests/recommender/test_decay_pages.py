"""The chosen half-lives: kept once a job, used only by what comes later, shown with what spoke for them."""

from datetime import timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from loyalty.models import Customer, Job, Order, OrderLine, RatingSetting
from loyalty.services.progress import QuietProgress
from recommender.models import DecayChoice
from recommender.queries.decay import half_life_days
from recommender.services.decay import choose_half_lives
from tests.rows import make_product

pytestmark = pytest.mark.django_db
ESTIMATE = {"low": 0.1, "mid": 0.2, "high": 0.3}


def choice(at, task="buy_again", days=120.0, **values):
    rows = [{"half_life_days": one, "ndcg": ESTIMATE, "gain": ESTIMATE} for one in (30.0, 120.0, None)]
    test = {"ndcg": ESTIMATE, "without_decay": ESTIMATE, "gain": ESTIMATE, "n_customers": 1986, "n_windows": 3}
    given = {"grid": rows, "test": test, "as_of": at, "made_at": at, "data_fingerprint": "f", "code_version": "1"}
    return DecayChoice.objects.create(task=task, half_life_days=days, seed=0, **{**given, **values})


def test_a_choice_has_no_say_before_what_it_knew(at):
    choice(at)
    assert half_life_days("buy_again", as_of=at, unless_known=60.0) == 120.0
    assert half_life_days("buy_again", as_of=at - timedelta(days=1), unless_known=60.0) == 60.0
    assert half_life_days("discover", as_of=at, unless_known=60.0) == 60.0


def test_that_age_does_not_matter_is_a_choice(at):
    choice(at, days=None)
    assert half_life_days("buy_again", as_of=at, unless_known=60.0) is None


def test_the_page_says_what_was_chosen_and_why(client, marketer, at):
    client.force_login(marketer)
    choice(at)
    choice(at, "discover", None)
    page = client.get("/models/").content.decode()
    assert "What was bought 120 days ago counts half" in page
    assert "age does not matter" in page
    assert "1,986 customers" in page


def test_looking_twice_is_one_job(client, marketer, django_capture_on_commit_callbacks):
    client.force_login(marketer)
    for _ in range(2):
        assert client.post("/models/decay/choose/").status_code == 302
    assert Job.objects.filter(task="recommender.choose_half_lives").count() == 1


def test_the_command_reads_any_shops_file(tmp_path):
    lines = ["who,what,when,n"]
    chance = np.random.default_rng(1)
    for day in range(1, 29):
        for month in ("01", "02", "03", "04"):
            lines += [f"c{c},p{chance.integers(60)},2024-{month}-{day:02d} 10:00,1" for c in range(12)]
    path = tmp_path / "shop.csv"
    path.write_text("\n".join(lines))
    out = StringIO()
    call_command(
        "decay", file=path, columns="who,what,when,n", window_days=14, min_customers=1, json=tmp_path / "o.json",
        stdout=out,
    )  # fmt: skip
    assert "buy_again: NDCG@10 on 3 windows" in out.getvalue()
    assert "no decay" in out.getvalue()
    assert (tmp_path / "o.json").read_text().count('"task"') == 2


def test_the_command_says_which_column_is_missing(tmp_path):
    path = tmp_path / "shop.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(CommandError, match="no column CustomerID"):
        call_command("decay", file=path)


class Kept(QuietProgress):
    """As a job's own progress, which knows its number."""

    def __init__(self, job_id):
        self.job_id = job_id


def shop(at):
    """Twenty customers who come every third day for half a year, each for three of thirty products."""
    chance = np.random.default_rng(3)
    products = [make_product(number) for number in range(30)]
    orders, lines = [], []
    for number in range(20):
        customer = Customer.objects.create(external_id=f"c{number}")
        for day in range(1, 180, 3):
            orders.append(
                Order(
                    external_id=f"{number}-{day}",
                    customer=customer,
                    ordered_at=at - timedelta(days=day),
                    currency="USD",
                )
            )
    Order.objects.bulk_create(orders)
    for order in orders:
        bought = chance.choice(30, 3, replace=False)
        lines += [
            OrderLine(order=order, line_number=place, product=products[item], quantity=1, amount=2)
            for place, item in enumerate(bought, 1)
        ]
    OrderLine.objects.bulk_create(lines)


def test_a_job_keeps_each_choice_once_and_opinions_are_weighed_by_it(at):
    shop(at)
    job = Job.objects.create(task="recommender.choose_half_lives", label="Look", created_at=at)
    for _ in range(2):
        choices = choose_half_lives(as_of=at, at=at, seed=1, report=Kept(job.pk))
    assert {one.task for one in choices} == {"buy_again", "discover"}
    assert DecayChoice.objects.filter(job=job).count() == 2
    assert RatingSetting.objects.get().half_life_days == choices[0].half_life_days


def test_the_command_needs_orders():
    with pytest.raises(CommandError, match="There are no orders"):
        call_command("decay")
