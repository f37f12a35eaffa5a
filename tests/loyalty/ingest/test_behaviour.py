import pytest

from loyalty.models import Customer, Interaction, Product, Rating

pytestmark = pytest.mark.django_db
EVENTS = (
    "event_id,source,customer_id,type,occurred_at,sku,properties\n"
    'e1,web,A,Product Viewed,2026-01-01T10:00Z,1,"{""place"": 3}"\ne2,web,A,Cart Viewed,2026-01-01T10:01Z,,\n'
)


@pytest.fixture(autouse=True)
def shop():
    Customer.objects.create(external_id="A")
    Product.objects.create(sku="1", name="Tea", currency="USD")


def test_an_event_is_told_once_a_source(take):
    assert take("interactions", EVENTS).counts == (2, 0, 0, 0)
    assert take("interactions", EVENTS).counts == (0, 0, 2, 0)
    assert take("interactions", EVENTS.replace("web", "app")).counts == (2, 0, 0, 0)
    assert Interaction.objects.filter(event_id="e1", source="web").get().properties == {"place": 3}


def test_an_event_with_a_name_of_its_own_is_refused(take):
    (refusal,) = take("interactions", EVENTS.replace("Cart Viewed", "cart view")).refusals

    assert refusal[1] == "type"
    assert refusal[2].startswith("Use one of: Product Viewed, Product Added")


def test_a_rating_lies_between_against_and_for(take):
    rows = "customer_id,sku,kind,source,value,rated_at\nA,1,explicit,form,0.8,2026-01-01\n"

    assert take("ratings", rows).counts == (1, 0, 0, 0)
    assert take("ratings", rows.replace("0.8", "5")).refusals == [(2, "value", "This must be between -1 and 1.")]
    assert Rating.objects.get().weight == 1.0
