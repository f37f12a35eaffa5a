"""Who is taken out of the database leaves no offer, decision, recommendation, shortlist or list behind."""

import pytest

from campaigns.models import OfferAssignment, OfferDecision
from loyalty.models import Customer, CustomerMerge, Order
from recommender.models import Recommendation, ServedList, Shortlist
from recommender.services.lists import NoSuchCustomer, give_list
from recommender.services.questions import Question, placement_named
from tests.rows import AT, fill

pytestmark = pytest.mark.django_db
KEPT_OF_EACH = (OfferAssignment, OfferDecision, Recommendation, Shortlist, ServedList)


def test_with_a_customer_goes_all_that_was_chosen_for_them_and_nobody_elses():
    fill(2)
    gone, other = Customer.objects.get(external_id="c0"), Customer.objects.get(external_id="c1")
    before = {model: model.objects.filter(customer=other).count() for model in KEPT_OF_EACH}
    assert all(model.objects.filter(customer=gone).exists() for model in KEPT_OF_EACH)
    key = gone.pk

    _forget(gone)

    for model in KEPT_OF_EACH:
        assert not model.objects.filter(customer=key).exists()
        assert model.objects.filter(customer=other).count() == before[model] > 0


def test_a_list_that_was_remembered_is_not_given_out_any_more():
    fill(1)
    give_list(Question(placement_named("home")), customer_key="c0", at=AT)
    _forget(Customer.objects.get(external_id="c0"))

    with pytest.raises(NoSuchCustomer):
        give_list(Question(placement_named("home")), customer_key="c0", at=AT)


def _forget(customer):
    """Orders and merges hold a customer fast: they are sums of the past, and go by a decision of their own."""
    CustomerMerge.objects.filter(kept=customer).delete()
    Order.objects.filter(customer=customer).delete()
    customer.delete()
