"""Nobody's age or income is looked at before somebody decides it, gives a reason, and it makes forecasts better."""

import numpy as np
import pytest
from django.urls import reverse

from campaigns.engine.feature_groups import TRAIT, Extra
from campaigns.models import DemographicsDecision
from campaigns.queries.demographics import allowed_traits
from campaigns.queries.reception import reception_features
from campaigns.queries.reception_extras import with_extra
from campaigns.services.learning import entrants_of, fingerprint, learn_reception
from loyalty.models import AuditEntry, Customer
from loyalty.services.progress import QuietProgress
from tests.campaigns.shop import open_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    """Forty of the customers are known to be older, and three to be younger."""
    shop = open_shop(n_campaigns=5)
    Customer.objects.filter(pk__in=[customer.pk for customer in shop.customers[:40]]).update(age_group="65+")
    Customer.objects.filter(pk__in=[customer.pk for customer in shop.customers[40:43]]).update(age_group="19-24")
    return shop


def decide(shop, is_allowed):
    at = shop.next_campaign.starts_at
    return DemographicsDecision.objects.create(is_allowed=is_allowed, reason="Agreed with the works council.", at=at)


def test_nothing_is_looked_at_until_it_is_allowed_and_nothing_after_it_is_taken_back(shop):
    before = allowed_traits()
    decide(shop, True)
    between = allowed_traits()
    decide(shop, False)

    # Three people are no kind of customer.
    assert (before, between, allowed_traits()) == ((), (f"{TRAIT}age_group=65+",), ())


def test_it_is_learnt_anew_when_it_is_allowed_and_the_old_serves_when_it_is_taken_back(shop):
    as_of = shop.next_campaign.starts_at
    before = fingerprint(as_of)
    decide(shop, True)
    allowed = fingerprint(as_of)
    decide(shop, False)

    assert allowed != before == fingerprint(as_of)


def test_allowed_is_not_used_before_it_proves_better(shop, settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path
    decide(shop, True)
    as_of = shop.next_campaign.starts_at

    names = [entrant.name for entrant in entrants_of(allowed_traits())]
    learnt = learn_reception(as_of=as_of, at=as_of, seed=1, report=QuietProgress())

    assert "demographics" in names
    assert learnt.knowledge.extra == Extra()
    assert "demographics" not in [entrant.name for entrant in entrants_of(())]


def test_columns_say_who_is_known_to_be_what(shop):
    extra, campaign = Extra((f"{TRAIT}age_group=65+",)), shop.next_campaign
    about = {"campaign_id": campaign.pk, "as_of": campaign.starts_at}

    frame = with_extra(reception_features(**about), extra, **about)

    older = {customer.pk for customer in shop.customers[:40]}
    assert set(frame.customer_ids[frame.values[:, -1] == 1].tolist()) == older
    assert set(np.unique(frame.values[:, -1])) == {0.0, 1.0}


def test_a_decision_is_in_the_audit_and_on_the_scoreboard(shop, client, marketer):
    client.force_login(marketer)
    url = reverse("admin:campaigns_demographicsdecision_add")

    refused = client.post(url, {"is_allowed": "on", "reason": ""})
    client.post(url, {"is_allowed": "on", "reason": "Agreed with the works council."})

    decided = DemographicsDecision.objects.get()
    assert refused.status_code == 200
    assert (decided.is_allowed, decided.by) == (True, marketer)
    assert AuditEntry.objects.filter(table="campaigns_demographicsdecision").exists()
    assert "Agreed with the works council." in client.get(reverse("scoreboard")).content.decode()
