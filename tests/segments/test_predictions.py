"""Predictions as others read them: by API, and in rules of segments."""

import pytest
from django.db import connection
from django.urls import reverse
from django.utils.timezone import now

from loyalty.models import Customer
from segments.engine.rules.notation import read_rule
from segments.models import Prediction
from segments.queries.rules.catalogue import catalogue
from segments.queries.rules.compiling import Moment, members_question
from tests.rows import AT, bearer, fill

pytestmark = pytest.mark.django_db


def test_what_is_expected_of_a_customer_is_read_by_their_key(client, marketer):
    fill(2)
    Prediction.objects.filter(customer__external_id="c1").update(chance_alive=0.75)

    answer = client.get(
        reverse("api-customer-prediction-list", args=["c1"]), headers={"Authorization": bearer(marketer)}
    ).json()

    (one,) = answer["results"]
    assert (one["kind"], one["predicted_clv"], one["churn_probability"]) == ("clv", 90.0, 0.25)
    assert one["predicted_clv_low"] < one["predicted_clv"] < one["predicted_clv_high"]


def test_an_unknown_customer_is_not_there_and_one_without_orders_has_nothing(client, marketer):
    Customer.objects.create(external_id="quiet")
    headers = {"Authorization": bearer(marketer)}

    assert client.get(reverse("api-customer-prediction-list", args=["nobody"]), headers=headers).status_code == 404
    assert client.get(reverse("api-customer-prediction-list", args=["quiet"]), headers=headers).json()["results"] == []


def test_a_rule_can_ask_for_what_is_expected():
    fill(3)
    Prediction.objects.filter(customer__external_id="c2").update(predicted_clv=500.0)
    moment = Moment(AT, now())
    told = {"kind": "prediction", "name": "predicted_clv", "test": {"at_least": 100}}
    rule = read_rule({"version": 1, "rule": told}, catalogue(moment))

    question = members_question(rule, moment)
    with connection.cursor() as cursor:
        cursor.execute(question.sql, question.params)
        inside = [key for (key,) in cursor.fetchall()]

    assert list(Customer.objects.filter(pk__in=inside).values_list("external_id", flat=True)) == ["c2"]
