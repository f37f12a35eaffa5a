from datetime import timedelta

import pytest

from loyalty.models import Consent, Customer
from loyalty.queries.consents import consents_as_of
from tests.rows import AT

pytestmark = pytest.mark.django_db


def test_the_last_word_at_a_moment_counts():
    customer = Customer.objects.create(external_id="A")
    for days, channel, state in ((0, "email", "granted"), (5, "email", "revoked"), (2, "sms", "denied")):
        at = AT + timedelta(days=days)
        Consent.objects.create(customer=customer, channel=channel, state=state, source="form", at=at)

    def said(days):
        return {one.channel: one.state for one in consents_as_of([customer.pk], AT + timedelta(days=days))}

    assert said(-1) == {}
    assert said(0) == {"email": "granted"}
    assert said(4) == {"email": "granted", "sms": "denied"}
    assert said(5) == {"email": "revoked", "sms": "denied"}
