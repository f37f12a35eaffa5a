from datetime import timedelta

import pytest
from django.urls import reverse

from loyalty.models import Customer
from loyalty.services.progress import QuietProgress
from segments.engine.lifecycle import LifecycleSpec
from segments.engine.rfm import RfmSpec
from segments.models import LifetimeReport
from segments.services.groups import read_lifecycle, read_rfm
from segments.services.lifetime import read_lifetime
from tests.segments.shop import CLOSED, open_shop

pytestmark = pytest.mark.django_db


def read(n_customers=150, days=0):
    customers = open_shop(n_customers)
    when = {"as_of": CLOSED, "at": CLOSED + timedelta(days=1 + days), "report": QuietProgress()}
    read_lifetime(**when)
    return customers, when


def test_the_page_tells_what_to_expect_and_how_it_went_last_time(client, marketer):
    read()
    client.force_login(marketer)

    response = client.get(reverse("segments-lifetime"))

    text = response.content.decode()
    assert text.count("data-chart=") == 2
    assert "Orders that came, last time" in text
    assert len(response.context["page"].rows) == 25


def test_customers_are_written_out_best_first(client, marketer):
    read()
    client.force_login(marketer)

    response = client.get(reverse("segments-lifetime"), {"format": "csv"})

    lines = b"".join(response).decode().splitlines()
    assert lines[0].startswith("customer,name,predicted clv,low,high,historic clv")
    expected = [float(line.split(",")[2]) for line in lines[1:]]
    assert len(expected) == 149
    assert expected == sorted(expected, reverse=True)


@pytest.mark.parametrize("state", ["unread", "refused"])
def test_without_a_reading_there_is_a_sentence(client, marketer, state):
    if state == "refused":
        LifetimeReport.objects.create(as_of=CLOSED, horizon_days=365, refusal="Only 3 came again.", made_at=CLOSED)
    client.force_login(marketer)

    text = client.get(reverse("segments-lifetime")).content.decode()

    assert ("Not enough data" in text) == (state == "refused")
    assert ("Only 3 came again." in text) == (state == "refused")


def test_more_customers_need_no_more_queries(client, marketer, django_assert_max_num_queries):
    read(120)
    client.force_login(marketer)
    with django_assert_max_num_queries(30) as few:
        client.get(reverse("segments-lifetime"))
    read(120, days=1)

    with django_assert_max_num_queries(len(few)):
        client.get(reverse("segments-lifetime"))


def test_the_customers_page_shows_where_they_stand_and_what_to_expect(client, marketer):
    customers, when = read()
    read_rfm(spec=RfmSpec(), **when)
    read_lifecycle(spec=LifecycleSpec(), **when)
    client.force_login(marketer)

    response = client.get(customers[5].get_absolute_url())

    standing = response.context["standing"]
    text = response.content.decode()
    assert standing.rfm.segment.get_absolute_url() in text
    assert [most for _, _, most in standing.rfm.scores] == [5, 5, 5]
    assert standing.lifecycle.limits.at_risk_days < standing.lifecycle.limits.inactive_days
    assert 'data-chart="lifetime"' in text
    assert response.context["lifetime_chart"].answer.startswith("About $")


def test_the_scores_shown_are_those_of_the_group(client, marketer):
    customers, when = read()
    told = read_rfm(spec=RfmSpec(), **when)
    client.force_login(marketer)
    cells = {(cell["recency"], cell["frequency"]) for cell in told.facts["cells"]}

    for customer in customers[1:12]:
        scores = client.get(customer.get_absolute_url()).context["standing"].rfm.scores
        assert (scores[0][1], scores[1][1]) in cells


def test_who_never_ordered_is_a_lead_with_nothing_to_expect(client, marketer):
    customers, when = read()
    read_lifecycle(spec=LifecycleSpec(), **when)
    client.force_login(marketer)

    response = client.get(Customer.objects.get(pk=customers[0].pk).get_absolute_url())

    standing = response.context["standing"]
    assert standing.lifecycle.segment.name == "Lead"
    assert standing.rfm is None
    assert standing.prediction is None
    assert response.context["lifetime_chart"] is None
