import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from campaigns.models import Campaign, Offer
from tests.campaigns.shop import open_shop
from tests.campaigns.test_forms import typed
from tests.rows import fill, make_campaign, make_segment

pytestmark = pytest.mark.django_db
URL = "/campaigns/new/"


@pytest.fixture
def author(marketer, client):
    client.force_login(marketer)
    return marketer


@pytest.fixture
def offer(author):
    fill(1)
    Campaign.objects.update(state="completed")
    return Offer.objects.get()


def chosen(page, name):
    """The values a browser would send for a ticked or hidden input."""
    inputs = re.findall(r"<input[^>]*>", page)
    return [
        re.search(r'value="([^"]*)"', tag)[1]
        for tag in inputs
        if f'name="{name}"' in tag and ("checked" in tag or 'type="hidden"' in tag)
    ]


def test_nothing_is_kept_before_the_review(offer, client):
    page = client.post(URL, {**typed(offer), "step": "review"}).content.decode()

    assert "Save campaign" in page
    assert "<dd>Mail</dd>" in page
    assert "Offer 0" in page
    assert Campaign.objects.count() == 1


def test_saving_after_the_review_makes_a_draft_of_the_author(offer, client, author):
    response = client.post(URL, {**typed(offer), "step": "save"})

    made = Campaign.objects.get(name="Coffee in May")
    assert response.url == made.get_absolute_url()
    assert (made.state, made.created_by, list(made.offers.all())) == ("draft", author, [offer])


def test_what_was_typed_comes_back_with_a_sentence(offer, client):
    response = client.post(URL, {**typed(offer, ends_on="2017-01-01"), "step": "review"})
    page = response.content.decode()

    assert "The last day must not be before the first day." in page
    assert 'value="Coffee in May"' in page
    assert chosen(page, "offers") == [str(offer.pk)]


def test_changing_something_keeps_the_rest(offer, client):
    page = client.post(URL, {**typed(offer), "step": "edit"}).content.decode()

    assert 'value="Coffee in May"' in page
    assert chosen(page, "audience") == ["everybody"]
    assert "Something has to be put right" not in page


def test_searching_without_a_script_keeps_what_was_typed(offer, client):
    page = client.post(URL, {**typed(offer), "step": "find", "offer_text": "nothing like this"}).content.decode()

    assert "No offer has “nothing like this” in its name" in page
    assert chosen(page, "offers") == [str(offer.pk)]


def test_the_picker_finds_by_name_and_keeps_the_chosen(offer, client):
    fill(2)
    other = Offer.objects.get(name="Offer 1")
    page = client.get(reverse("offer-picker"), {"offer_text": "offer 1", "offers": [offer.pk, "x"]}).content.decode()

    assert chosen(page, "offers") == [str(offer.pk)]
    assert f'value="{other.pk}"' in page
    assert "Offer 2" not in page


def test_a_segment_is_chosen_beforehand(offer, client):
    page = client.get(URL, {"segment": make_segment(5).pk}).content.decode()

    assert chosen(page, "audience") == ["segment"]


def test_one_like_another_takes_over_all_but_name_and_dates(offer, client):
    model = Campaign.objects.get()
    Campaign.objects.update(goal="More tea", margin_share="0.25", audience_rule={"kind": "best", "n": 77})

    page = client.get(URL, {"like": model.pk}).content.decode()

    assert chosen(page, "offers") == [str(offer.pk)]
    assert chosen(page, "audience") == ["best"]
    assert all(f'value="{value}"' in page for value in ("More tea", "25", "77"))
    assert f'value="{model.name}"' not in page


def test_it_begins_the_day_after_the_newest_data_for_as_long_as_usual(author, client):
    open_shop()
    page = client.get(URL).content.decode()

    first, last = re.findall(r'type="date"[^>]*', page) or [None, None]
    days = re.findall(r'value="(\d{4}-\d\d-\d\d)"', page)
    assert first
    assert last
    assert days == ["2024-10-08", "2024-10-28"]


def test_without_permission_nobody_builds(client):
    client.force_login(User.objects.create_user("guest"))

    assert client.get(URL).status_code == 403
    assert client.get(reverse("offer-picker")).status_code == 403


def test_numbers_of_an_earlier_campaign_come_as_people_write_them(client, marketer):
    client.force_login(marketer)
    model = make_campaign(
        1,
        cost_per_contact=Decimal("0.4500"),
        margin_share=Decimal("0.300"),
        budget=Decimal("2000.00"),
        created_by=marketer,
    )

    anew = client.get(reverse("campaign-new")).content.decode()
    alike = client.get(f"{reverse('campaign-new')}?like={model.pk}").content.decode()

    for text in (anew, alike):
        assert 'value="30"' in text
        assert 'value="0.45"' in text
    assert 'value="2000"' in alike
