import pytest

from loyalty.models import Customer, Product, Review

pytestmark = pytest.mark.django_db
HEAD = "review_id,source,sku,customer_id,title,text,rating,scale_min,scale_max,language,reviewed_at\n"
GOOD = "r1,web,1,A,Lovely,Best tea of all,5,1,5,en,2026-01-01\n"


@pytest.fixture(autouse=True)
def shop():
    Customer.objects.create(external_id="A")
    Product.objects.create(sku="1", name="Tea", currency="USD")


def test_a_review_keeps_its_words_its_stars_and_its_scale(take):
    assert take("reviews", HEAD + GOOD).counts == (1, 0, 0, 0)
    assert take("reviews", HEAD + GOOD).counts == (0, 0, 1, 0)
    review = Review.objects.get()
    assert (review.title, review.text, review.language) == ("Lovely", "Best tea of all", "en")
    assert (review.rating, review.raw_rating, review.scale_max) == (1.0, 5.0, 5.0)
    assert review.sentiment is None


def test_a_review_may_lack_its_writer_and_its_stars(take):
    assert take("reviews", HEAD + "r1,web,1,,,Fine,,,,,2026-01-01\n").counts == (1, 0, 0, 0)
    assert Review.objects.values_list("customer", "rating").get() == (None, None)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("r1,web,1,A,,,,,,,2026-01-01\n", "text"),
        ("r1,web,1,A,,Fine,5,,,,2026-01-01\n", "rating"),
        ("r1,web,1,A,,Fine,,,,english,2026-01-01\n", "language"),
        ("r1,web,9,A,,Fine,,,,,2026-01-01\n", "sku"),
    ],
)
def test_a_review_that_says_nothing_or_the_impossible_is_refused(take, row, column):
    assert [place for _, place, _ in take("reviews", HEAD + row).refusals] == [column]
    assert not Review.objects.exists()
