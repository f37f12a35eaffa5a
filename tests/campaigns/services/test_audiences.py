from decimal import Decimal

import pytest

from campaigns.services.audiences import AudienceEmpty
from campaigns.services.simulations import simulate_campaign
from loyalty.services.progress import QuietProgress
from tests.campaigns.shop import DAY, add_campaign, open_shop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _artefacts(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path


def test_a_budget_limits_how_many_are_reached(at):
    shop = open_shop()
    starts_at = shop.next_campaign.ends_at + 2 * DAY
    money = {
        "cost_per_contact": Decimal("0.10"),
        "margin_share": Decimal("0.9"),
        "audience_rule": {"kind": "everybody"},
    }
    rich = add_campaign("Rich", shop.products[0], starts_at=starts_at, **money)
    thrifty = add_campaign("Thrifty", shop.products[0], starts_at=starts_at, budget=Decimal("2.05"), **money)
    broke = add_campaign("Broke", shop.products[0], starts_at=starts_at, budget=Decimal("0.05"), **money)
    given = {"at": starts_at, "seed": 3, "report": QuietProgress()}

    everybody = simulate_campaign(campaign=rich, **given).audience.members.order_by("position")
    first = simulate_campaign(campaign=thrifty, **given).audience.members.order_by("position")

    assert everybody.count() == 120
    assert [m.customer_id for m in first] == [m.customer_id for m in everybody[:20]]
    with pytest.raises(AudienceEmpty, match="The budget does not pay for one contact"):
        simulate_campaign(campaign=broke, **given)
