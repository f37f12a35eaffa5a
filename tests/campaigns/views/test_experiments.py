import pytest
from django.urls import reverse

from campaigns.models import Campaign
from tests.rows import make_campaign

pytestmark = pytest.mark.django_db


def test_it_says_that_nobody_was_held_out(marketer, client):
    client.force_login(marketer)
    make_campaign(1, state="completed")
    make_campaign(2, state="draft", holdout_share="0.1")

    assert "The one campaign that was sent held nobody out" in client.get(reverse("experiments")).content.decode()


def test_it_names_the_campaigns_that_held_people_out(marketer, client):
    client.force_login(marketer)
    make_campaign(1, state="completed", holdout_share="0.1")
    assert Campaign.objects.get().name in client.get(reverse("experiments")).content.decode()
