"""Reviews are read by whichever reader is proven, once, and again when their text or the reader changes."""

import numpy as np
import pytest
from django.urls import reverse

from loyalty.models import Product, Review, SentimentReader
from loyalty.queries.reviews import Reception
from loyalty.services.progress import QuietProgress
from loyalty.services.sentiment import current_reader, read_reviews, start_reading
from tests.rows import AT, make_product, make_review

pytestmark = pytest.mark.django_db
BAD, GOOD = "Terrible, broken and ugly.", "Lovely, I love it."


def read():
    return read_reviews(at=AT, report=QuietProgress())


def shop_of_rated_reviews(n=600):
    rng = np.random.default_rng(3)
    products = [make_product(number) for number in range(12)]
    rows = []
    for number in range(n):
        likes = rng.random() < 0.8
        text = " ".join(rng.choice(["zindy", "blorf"] if likes else ["wexit", "snarble"], 2)) + " on monday"
        rows.append(
            Review(
                external_id=f"r{number}", source="w", product=products[number % 12], text=text, reviewed_at=AT,
                rating=1.0 if likes else -1.0,
            )
        )  # fmt: skip
    Review.objects.bulk_create(rows)


def test_every_review_is_read_once_and_again_when_its_text_changes():
    product = make_product(1)
    for number, text in enumerate((GOOD, BAD)):
        make_review(number, product, title="", text=text, sentiment=None, sentiment_version="")

    assert read()["read"] == 2
    good, bad = Review.objects.order_by("pk")
    assert good.sentiment > 0 > bad.sentiment
    assert good.sentiment_version == "words-1"
    assert read()["read"] == 0
    Review.objects.filter(pk=good.pk).update(text=BAD)
    assert read()["read"] == 1
    good.refresh_from_db()
    assert good.sentiment < 0


def test_what_the_shop_s_own_reviews_teach_serves_when_it_is_better():
    shop_of_rated_reviews()

    assert read()["read"] == 600
    reader = SentimentReader.objects.get()
    assert reader.serves
    assert reader.metrics["gain"]["low"] > 0
    assert set(Review.objects.values_list("sentiment_version", flat=True)) == {reader.label}
    assert Review.objects.filter(rating=-1, sentiment__gte=0).count() == 0
    assert read() == {"read": 0, "reader": reader.label, "verdict": ""}


def test_a_damaged_reader_leaves_the_list_of_words():
    SentimentReader.objects.create(
        label="learnt-x", arrays=b"x", sha256="y", verdict="v", serves=True, n_reviews=9, learnt_at=AT
    )
    assert current_reader().version == "words-1"


def test_one_job_at_a_time_and_none_when_all_is_read():
    make_review(1, make_product(1), sentiment=None, sentiment_version="")
    assert start_reading(at=AT) is not None
    assert start_reading(at=AT) is None
    read()
    SentimentReader.objects.all().delete()
    assert not Review.objects.filter(sentiment=None).exists()


def test_the_interval_of_a_share_holds_it_and_stays_between_none_and_all():
    few = Reception(n_reviews=3, n_read=3, n_for=3, is_learnt=False, newest=[])
    many = Reception(n_reviews=300, n_read=300, n_for=150, is_learnt=False, newest=[])
    assert (few.share, few.high) == (1.0, 1.0)
    assert 0.4 < few.low < 0.5
    assert many.low == pytest.approx(0.4437, abs=1e-3)
    assert Reception(0, 0, 0, False, []).low == 0.0


def test_the_product_s_page_shows_what_was_written_as_text(client, marketer):
    client.force_login(marketer)
    product = make_product(1)
    Product.objects.update(image_url="https://shop.example.com/1.jpg")
    make_review(1, product, title="<b>Fine</b>", raw_rating=4, scale_min=1, scale_max=5)
    page = client.get(reverse("product", args=[product.pk])).content.decode()

    assert "&lt;b&gt;Fine&lt;/b&gt;" in page
    assert "rated 4 of 5" in page
    assert "of 1 review" in page
    assert 'href="https://shop.example.com/1.jpg"' in page
