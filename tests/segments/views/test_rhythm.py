from datetime import timedelta

import pytest
from django.urls import reverse

from loyalty.models import Job
from loyalty.services.progress import QuietProgress
from segments.engine.lifecycle import LifecycleSpec
from segments.engine.rfm import RfmSpec
from segments.services.groups import read_lifecycle, read_rfm
from tests.segments.shop import CLOSED, open_shop

pytestmark = pytest.mark.django_db
PAGES = ("segments-rfm", "segments-lifecycle")


def read(n_customers=150, days=0):
    open_shop(n_customers)
    when = {"as_of": CLOSED, "at": CLOSED + timedelta(days=1 + days), "report": QuietProgress()}
    read_rfm(spec=RfmSpec(), **when)
    read_lifecycle(spec=LifecycleSpec(), **when)


@pytest.mark.parametrize("page", PAGES)
def test_before_anybody_looked_there_is_one_thing_to_do(client, marketer, page):
    client.force_login(marketer)

    text = client.get(reverse(page)).content.decode()

    assert "data-chart=" not in text
    assert 'method="post"' in text


@pytest.mark.parametrize(("page", "n_charts"), [("segments-rfm", 3), ("segments-lifecycle", 3)])
def test_the_pages_show_groups_and_charts(client, marketer, page, n_charts):
    read()
    client.force_login(marketer)

    response = client.get(reverse(page))

    text = response.content.decode()
    assert text.count("data-chart=") == n_charts
    for group in response.context["groups"].groups:
        assert f'href="{group.url}"' in text


def test_shares_of_moves_sum_to_one(client, marketer):
    read()
    client.force_login(marketer)

    chart = client.get(reverse("segments-lifecycle")).context["moves_chart"]

    sums = {}
    for month, _, was, _, _, share, low, high in chart.table.rows:
        sums[month, was] = sums.get((month, was), 0) + share
        assert low <= share <= high
    assert all(total == pytest.approx(1, abs=0.001) for total in sums.values())


def test_groups_between_the_first_and_the_last_month_are_told_where_one_points_and_not_over_others(client, marketer):
    read()
    client.force_login(marketer)

    node = client.get(reverse("segments-rfm")).context["moves_chart"].figure.data[0].node

    named = [label for label in node.label if label]
    assert 0 < len(named) < len(node.label)
    assert all(told.startswith(label) and ", " in told for label, told in zip(node.label, node.customdata, strict=True))


def test_the_backtest_is_told_with_its_interval(client, marketer):
    read()
    client.force_login(marketer)

    chart = client.get(reverse("segments-lifecycle")).context["came_back_chart"]

    assert chart.question == "Who came back within 28 days?"
    assert chart.answer.startswith("Of those at risk ")


@pytest.mark.parametrize("page", PAGES)
def test_a_refusal_is_shown(client, marketer, page):
    when = {"as_of": CLOSED, "at": CLOSED, "report": QuietProgress()}
    read_rfm(spec=RfmSpec(), **when)
    read_lifecycle(spec=LifecycleSpec(), **when)
    client.force_login(marketer)

    assert "Not enough data" in client.get(reverse(page)).content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_more_customers_need_no_more_queries(client, marketer, django_assert_max_num_queries, page):
    read(100)
    client.force_login(marketer)
    with django_assert_max_num_queries(30) as few:
        client.get(reverse(page))
    read(100, days=1)

    with django_assert_max_num_queries(len(few)):
        client.get(reverse(page))


def test_scores_are_chosen_and_one_job_is_made(client, marketer):
    client.force_login(marketer)
    chosen = {"recency": 4, "frequency": 3, "monetary": 10}

    first = client.post(reverse("segments-rfm-score"), chosen)
    second = client.post(reverse("segments-rfm-score"), chosen)

    job = Job.objects.get()
    assert (job.task, job.params, job.started_by) == ("segments.read_rfm", chosen, marketer)
    assert first["Location"] == second["Location"] == job.get_absolute_url()


def test_a_number_of_scores_that_cannot_be_is_refused_beside_the_field(client, marketer):
    client.force_login(marketer)

    response = client.post(reverse("segments-rfm-score"), {"recency": 2, "frequency": "x", "monetary": 5})

    assert response.status_code == 422
    assert response.content.decode().count("Write a whole number from 3 to 10.") >= 2
    assert not Job.objects.exists()


def test_reading_makes_one_job_with_its_steps(client, marketer):
    client.force_login(marketer)

    client.post(reverse("segments-rhythm-read"))
    client.post(reverse("segments-rhythm-read"))

    assert Job.objects.filter(parent=None).count() == 1
