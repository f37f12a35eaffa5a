import pytest

from loyalty.models import Category, Customer, Interaction, Product, Rating
from loyalty.services.ingest.event_names import OTHER_WORDS

pytestmark = pytest.mark.django_db
EVENTS = (
    "event_id,source,customer_id,type,occurred_at,sku,properties\n"
    'e1,web,A,Product Viewed,2026-01-01T10:00Z,1,"{""place"": 3}"\ne2,web,A,Cart Viewed,2026-01-01T10:01Z,,\n'
)
RATING = "customer_id,sku,kind,source,value,rated_at\nA,1,explicit,form,0.8,2026-01-01\n"


@pytest.fixture(autouse=True)
def shop():
    Customer.objects.create(external_id="A")
    Product.objects.create(sku="1", name="Tea", currency="USD")


def event(**cells):
    given = {"event_id": "e1", "source": "web", "type": "Page Viewed", "occurred_at": "2026-01-01T10:00Z", **cells}
    return ",".join(given) + "\n" + ",".join(given.values()) + "\n"


def scaled(value, low, high):
    return f"customer_id,sku,source,value,scale_min,scale_max,rated_at\nA,1,form,{value},{low},{high},2026-01-01\n"


def test_an_event_is_told_once_a_source(take):
    assert take("interactions", EVENTS).counts == (2, 0, 0, 0)
    assert take("interactions", EVENTS).counts == (0, 0, 2, 0)
    assert take("interactions", EVENTS.replace("web", "app")).counts == (2, 0, 0, 0)
    assert Interaction.objects.filter(event_id="e1", source="web").get().properties == {"place": 3}


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("product_viewed", "Product Viewed"),
        ("view_item", "Product Viewed"),
        ("ProductViewed", "Product Viewed"),
        ("add-to-cart", "Product Added"),
        ("SEARCH", "Products Searched"),
        ("phone call", "Call Held"),
        ("Stamp Card Filled", "Stamp Card Filled"),
        ("テイスティング", "テイスティング"),
    ],
)
def test_usual_names_become_one_and_the_shop_s_own_are_kept(take, told, kept):
    assert take("interactions", event(type=told)).counts == (1, 0, 0, 0)
    assert Interaction.objects.get().type == kept


def test_no_word_stands_for_two_events():
    words = [word for _, told in OTHER_WORDS.items() for word in told]

    assert len(words) == len(set(words))
    assert set(words).isdisjoint(name.lower() for name in Interaction.Type.values)


def test_a_visit_of_nobody_in_particular_is_kept_with_all_it_tells(take):
    told = event(session="s1", category="Food/Tea", query="green tea", value="12.5", customer_id="")

    assert take("interactions", told).counts == (1, 0, 0, 0)
    assert take("interactions", told).counts == (0, 0, 1, 0)
    kept = Interaction.objects.get()
    assert (kept.customer, kept.session, kept.query, str(kept.value)) == (None, "s1", "green tea", "12.5000")
    assert kept.category == Category.objects.get(path="Food > Tea")


def test_an_event_without_a_name_is_refused(take):
    assert take("interactions", event(type="")).refusals == [(2, "type", "Fill in type: every row needs it.")]


def test_a_rating_without_a_scale_lies_between_against_and_for(take):
    assert take("ratings", RATING).counts == (1, 0, 0, 0)
    assert Rating.objects.values("value", "raw_value", "scale_min", "weight").get() == {
        "value": 0.8,
        "raw_value": 0.8,
        "scale_min": None,
        "weight": 1.0,
    }


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [("1", 1, 5, -1), ("3", 1, 5, 0), ("5", 1, 5, 1), ("7.5", 0, 10, 0.5), ("0", -2, 2, 0)],
)
def test_a_rating_is_put_on_our_scale_and_kept_as_it_was(take, value, low, high, expected):
    assert take("ratings", scaled(value, low, high)).counts == (1, 0, 0, 0)
    assert take("ratings", scaled(value, low, high)).counts == (0, 0, 1, 0)
    rating = Rating.objects.get()
    assert (rating.value, rating.raw_value, rating.scale_min, rating.scale_max) == (expected, float(value), low, high)
    assert rating.kind == "explicit"


@pytest.mark.parametrize(("thumb", "value"), [("up", 1), ("Thumbs down", -1), ("like", 1)])
def test_thumbs_are_ratings(take, thumb, value):
    take("ratings", RATING.replace("0.8", thumb))

    assert Rating.objects.get().value == value


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        (RATING.replace("0.8", "5"), "value"),
        (scaled("6", 1, 5), "value"),
        (scaled("3", 5, 1), "scale_max"),
        (scaled("3", 5, 5), "scale_max"),
        (scaled("0.5", "", 5), "scale_min"),
        (scaled("", 1, 5), "value"),
    ],
)
def test_an_opinion_off_its_scale_is_refused_with_what_to_do(take, rows, column):
    taken = take("ratings", rows)

    assert column in [place for _, place, _ in taken.refusals]
    assert taken.counts == (0, 0, 0, 1)
    assert not Rating.objects.exists()
