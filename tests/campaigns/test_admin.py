import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from campaigns.models import Campaign, Offer
from loyalty.services.staff import CAMPAIGN_MANAGER, MARKETER, ensure_groups
from tests.rows import make_campaign, make_offer, make_product

pytestmark = pytest.mark.django_db
LIST = "admin:campaigns_campaign_changelist"


@pytest.fixture
def manager(django_user_model):
    return somebody(django_user_model, CAMPAIGN_MANAGER)


@pytest.fixture
def author(django_user_model):
    return somebody(django_user_model, MARKETER)


def somebody(users, role):
    ensure_groups()
    user = users.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def act(client, user, action, *campaigns):
    client.force_login(user)
    data = {"action": action, "_selected_action": [campaign.pk for campaign in campaigns]}
    response = client.post(reverse(LIST), data, follow=True)
    return [str(message) for message in response.context["messages"]]


def plan(offer, **changes):
    given = {
        "name": "Coffee in May",
        "goal": "Bring back buyers of coffee",
        "type": "new type",
        "new_type": "Letter",
        "channel": "mail",
        "audience": "everybody",
        "offers": [offer.pk],
        "starts_on": "2017-12-01",
        "ends_on": "2017-12-31",
        "cost_per_contact": "0.45",
        "margin_percent": "30",
        "budget": "",
    }
    return {**given, **changes}


def test_a_campaign_is_made_by_the_rules_of_the_browser(client, manager):
    client.force_login(manager)
    client.post(reverse("admin:campaigns_campaign_add"), plan(make_offer(1)))
    campaign = Campaign.objects.get()
    assert (campaign.state, campaign.created_by, campaign.type) == ("draft", manager, "Letter")
    assert [offer.name for offer in campaign.offers.all()] == ["Offer 1"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Give the campaign a name, so that you find it again."),
        ("offers", [], "Choose at least one offer to send."),
        ("ends_on", "2017-11-01", "The last day must not be before the first day."),
        ("margin_percent", "130", "The margin must lie between 0 and 100 percent."),
    ],
)
def test_what_the_browser_refuses_is_refused_here_with_the_same_sentence(client, manager, field, value, sentence):
    client.force_login(manager)
    response = client.post(reverse("admin:campaigns_campaign_add"), plan(make_offer(1), **{field: value}))
    assert response.context["adminform"].form.errors[field] == [sentence]
    assert not Campaign.objects.exists()


def test_an_offer_is_made_by_the_rules_of_the_browser(client, manager):
    make_product(1)
    client.force_login(manager)
    given = {"name": "Ice, 20 % off", "mechanic": "percent_off", "benefit_percent": "20", "skus": "p1, p9"}
    refused = client.post(reverse("admin:campaigns_offer_add"), given)
    assert "p9" in refused.context["adminform"].form.errors["skus"][0]
    client.post(reverse("admin:campaigns_offer_add"), {**given, "skus": "p1"})
    assert [product.sku for product in Offer.objects.get().products.all()] == ["p1"]


def test_the_manager_approves_what_somebody_else_made(client, author, manager):
    campaign = make_campaign(1, created_by=author)
    assert act(client, author, "submit_selected", campaign) == ["Waits for approval: “Campaign 1”."]
    assert act(client, manager, "approve_selected", campaign) == ["Approved: “Campaign 1”."]
    campaign.refresh_from_db()
    assert (campaign.state, campaign.approved_by) == ("approved", manager)


def test_nobody_approves_their_own(client, manager):
    campaign = make_campaign(1, created_by=manager, state="in_review")
    told = act(client, manager, "approve_selected", campaign)
    assert told == ["“Campaign 1”: You made this campaign, so somebody else has to approve it."]
    campaign.refresh_from_db()
    assert campaign.state == "in_review"


def test_a_draft_cannot_be_approved(client, author, manager):
    campaign = make_campaign(1, created_by=author)
    assert "only one marked “In review” can be approved" in act(client, manager, "approve_selected", campaign)[0]


def test_a_manager_without_the_permission_cannot_approve(client, author, manager):
    Group.objects.get(name=CAMPAIGN_MANAGER).permissions.remove(
        *Group.objects.get(name=CAMPAIGN_MANAGER).permissions.filter(codename="approve_campaign")
    )
    campaign = make_campaign(1, created_by=author, state="in_review")
    client.force_login(manager)
    assert "approve_selected" not in client.get(reverse(LIST)).content.decode()
    act(client, manager, "approve_selected", campaign)
    campaign.refresh_from_db()
    assert campaign.state == "in_review"


def test_what_was_decided_cannot_be_typed_over(client, author, manager):
    campaign = make_campaign(1, created_by=author)
    client.force_login(manager)
    response = client.post(reverse("admin:campaigns_campaign_change", args=[campaign.pk]), {"state": "approved"})
    assert response.status_code == 403
