import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from loyalty.admin.records import LargeTablePaginator
from loyalty.models import Customer, Job, Product
from loyalty.queries import sizes
from tests.rows import AT, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client, marketer):
    client.force_login(marketer)
    return client


def act(client, action, *jobs):
    data = {"action": action, "_selected_action": [job.pk for job in jobs]}
    response = client.post(reverse("admin:loyalty_job_changelist"), data, follow=True)
    return [str(message) for message in response.context["messages"]]


def make_job(state):
    return Job.objects.create(task="loyalty.ingest", label=f"A {state} job", state=state, created_at=AT)


def test_cancelling_says_what_was_cancelled_and_what_had_ended(boss):
    queued, done = make_job("queued"), make_job("done")
    told = act(boss, "cancel_selected", queued, done)
    assert told == ["Told to stop: “A queued job”.", "“A done job” has already ended."]
    queued.refresh_from_db()
    assert queued.state == "cancelled"


def test_a_failed_job_is_tried_again(boss):
    failed, done = make_job("failed"), make_job("done")
    told = act(boss, "retry_selected", failed, done)
    assert told[0] == "Queued again: “A failed job”."
    assert "cannot be tried again" in told[1]
    failed.refresh_from_db()
    assert failed.state == "queued"


def test_who_may_only_look_is_offered_no_action(client, django_user_model):
    looker = django_user_model.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(*_permissions("view_job"))
    client.force_login(looker)
    job = make_job("queued")
    page = client.get(reverse("admin:loyalty_job_changelist")).content.decode()
    assert "cancel_selected" not in page
    act(client, "cancel_selected", job)
    job.refresh_from_db()
    assert job.state == "queued"


def _permissions(*codenames):
    return Permission.objects.filter(codename__in=codenames)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("price", "-1", "The price cannot be below zero."),
        ("currency", "usd", "Three capital letters, for example USD."),
        ("sku", "", "This field is required."),
        ("sku", "p2", "Product with this Sku already exists."),
    ],
)
def test_a_wrong_product_is_refused_with_a_sentence_at_its_field(boss, field, value, sentence):
    product, _ = make_product(1), make_product(2)
    given = {"sku": "p1", "name": "Ice", "currency": "USD", "quantity_unit": "each", "attributes": "{}", field: value}
    response = boss.post(reverse("admin:loyalty_product_change", args=[product.pk]), given)
    assert response.context["adminform"].form.errors[field] == [sentence]


def test_a_right_product_is_kept(boss):
    product = make_product(1)
    given = {"sku": "p1", "name": "Ice", "currency": "EUR", "quantity_unit": "kg", "attributes": "{}"}
    boss.post(reverse("admin:loyalty_product_change", args=[product.pk]), given)
    assert Product.objects.get().currency == "EUR"


def test_a_small_table_is_counted_and_a_large_one_estimated(monkeypatch):
    Customer.objects.bulk_create(Customer(external_id=f"c{number}") for number in range(30))
    assert LargeTablePaginator(Customer.objects.all(), 10).count == 30
    monkeypatch.setattr(sizes, "COUNT_UP_TO", 20)
    monkeypatch.setattr("loyalty.admin.records.estimated_count", lambda model: 1_000_000)
    assert LargeTablePaginator(Customer.objects.all(), 10).count == 1_000_000
    assert LargeTablePaginator(Customer.objects.filter(external_id__startswith="c"), 10).count == 20
