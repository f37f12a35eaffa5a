from datetime import timedelta

import pytest

from loyalty.models import Job, OrderLine
from loyalty.services.progress import QuietProgress
from segments.models import LifetimeReport, Prediction
from segments.services.lifetime import read_lifetime
from tests.segments.shop import CLOSED, open_shop

pytestmark = pytest.mark.django_db


class OfJob(QuietProgress):
    def __init__(self, job_id):
        self.job_id = job_id


def read(as_of=CLOSED, report=None):
    return read_lifetime(as_of=as_of, at=CLOSED + timedelta(days=1), report=report or QuietProgress())


def test_everybody_who_ordered_has_one_prediction_with_ranges():
    customers = open_shop()

    told = read()

    assert told.refusal == ""
    assert Prediction.objects.count() == told.n_customers == len(customers) - 1
    assert not Prediction.objects.filter(customer=customers[0]).exists()
    for one in Prediction.objects.all():
        assert one.predicted_clv_low <= one.predicted_clv_high
        assert 0 <= one.chance_alive_low <= one.chance_alive <= one.chance_alive_high <= 1
        assert one.churn_probability == 1 - one.chance_alive
        assert one.expected_date_of_next_order is None or one.expected_date_of_next_order > CLOSED.date()
    assert told.facts["spend"]["low"] < told.facts["spend"]["expected"] < told.facts["spend"]["high"]


def test_what_was_spent_so_far_and_how_often_are_plain_sums():
    customers = open_shop()
    read()

    one = Prediction.objects.get(customer=customers[5])

    orders = list(customers[5].orders.order_by("ordered_at"))
    spent = sum(float(line.amount) for order in orders for line in order.lines.all())
    assert one.historic_clv == pytest.approx(spent)
    days = (orders[-1].ordered_at - orders[0].ordered_at).days
    assert one.average_days_between_orders == pytest.approx(days / (len(orders) - 1))


def test_orders_after_the_moment_change_nothing():
    open_shop()
    month_ago = CLOSED - timedelta(days=30)
    before = read(as_of=month_ago)
    expected = list(Prediction.objects.order_by("customer").values_list("predicted_clv", "historic_clv"))
    later = OrderLine.objects.filter(order__ordered_at__gte=month_ago).values_list("pk", flat=True)
    # A few by their keys: of a table made a moment ago the server knows too little to join all of it well.
    assert OrderLine.objects.filter(pk__in=list(later[:20])).update(amount=9999) == 20

    after = read(as_of=month_ago)

    assert after.facts == before.facts
    assert list(Prediction.objects.order_by("customer").values_list("predicted_clv", "historic_clv")) == expected


def test_the_same_job_writes_once_and_a_new_reading_takes_the_place():
    open_shop()
    job = Job.objects.create(task="segments.read_lifetime", label="Read", created_at=CLOSED)

    first = read(report=OfJob(job.pk))
    assert read(report=OfJob(job.pk)) == first
    again = read()

    assert LifetimeReport.objects.get() == again
    assert Prediction.objects.values("customer").distinct().count() == Prediction.objects.count()


def test_too_little_is_refused_with_the_reason_and_nothing_old_stays():
    open_shop()
    read()

    told = read(as_of=CLOSED - timedelta(days=250))

    assert "at least 120 are needed" in told.refusal
    assert not Prediction.objects.exists()
