"""A merged customer's old key goes on to be understood, counts nothing twice, and keeps what it brings apart."""

from datetime import timedelta

import pytest

from loyalty.models import Consent, Customer, CustomerAlias, Order, Product
from loyalty.services.ingest import Options, ingest_records, kind_named
from loyalty.services.ingest.previews import preview
from loyalty.services.merges import merge_customers, undo_merge
from tests.rows import AT, bearer, make_order

pytestmark = pytest.mark.django_db
ORDERS = "order_id,customer_id,ordered_at,sku,quantity,amount\n"
CONSENTS = "customer_id,purpose,channel,state,at,source\n"


@pytest.fixture(autouse=True)
def merged():
    """A and B are one person, kept as A."""
    kept, gone = (Customer.objects.create(external_id=key, name=f"Person {key}") for key in "AB")
    product = Product.objects.create(sku="1", name="Tea", currency="USD")
    make_order(1, kept, product)
    make_order(2, gone, product)
    return merge_customers(kept=kept, gone=gone, by=None, at=AT)


def orders(*pairs):
    return ORDERS + "".join(f"{order},{customer},2026-01-01T10:00Z,1,1,2\n" for order, customer in pairs)


def consents(*rows):
    return CONSENTS + "".join(
        f"{customer},marketing,{channel},{state},2026-01-01T10:00Z,form\n" for customer, channel, state in rows
    )


def owners():
    return dict(Order.objects.values_list("external_id", "customer__external_id"))


def test_an_order_under_the_old_key_belongs_to_the_kept_customer(take):
    assert take("orders", orders(("O5", "B"), ("O6", "A"))).counts == (2, 0, 0, 0)
    assert take("orders", orders(("O5", "B"), ("O6", "A"))).counts == (0, 0, 2, 0)
    assert owners() == dict.fromkeys(("o1", "o2", "O5", "O6"), "A")
    assert Customer.objects.count() == 1


def test_the_old_key_makes_no_new_customer(take):
    assert take("orders", orders(("O5", "B")), unknown_customers="create").counts == (1, 0, 0, 0)
    assert Customer.objects.count() == 1


def test_details_of_a_merged_customer_are_left_alone_and_told(take):
    taken = take("customers", "customer_id,name\nB,Bob\nC,Cy\n")

    assert taken.counts == (1, 0, 1, 0)
    assert "1 rows of merged customers were left alone" in taken.run.note
    assert Customer.objects.get(external_id="A").name == "Person A"


def test_what_the_file_says_of_both_is_taken_as_the_kept_one_says_it(take):
    rows = consents(("B", "email", "granted"), ("A", "email", "denied"), ("B", "sms", "granted"))

    assert take("consents", rows).counts == (2, 0, 1, 0)
    assert take("consents", rows).counts == (0, 0, 3, 0)
    assert dict(Consent.objects.values_list("channel", "state")) == {"email": "denied", "sms": "granted"}


def test_what_came_in_under_the_old_key_goes_back_with_it(take, merged):
    take("orders", orders(("O5", "B"), ("O6", "A")))
    take("consents", consents(("A", "email", "granted")))
    take("consents", consents(("B", "email", "granted"), ("B", "sms", "granted")))
    done = undo_merge(merge=merged, by=None, at=AT + timedelta(days=1))

    assert owners() == {"o1": "A", "o2": "B", "O5": "B", "O6": "A"}
    assert (done.n_rows, done.n_later) == (1, 2)
    assert dict(Consent.objects.values_list("channel", "customer__external_id")) == {"email": "A", "sms": "B"}
    assert take("orders", orders(("O5", "B"))).counts == (0, 0, 1, 0)


def test_an_api_call_may_use_the_old_key(at):
    record = {
        "order_id": "O7", "customer_id": "B", "ordered_at": "2026-01-01T10:00:00Z",
        "lines": [{"sku": "1", "quantity": 1, "amount": 2}],
    }  # fmt: skip
    options = Options(at=at, source="API")
    (row,) = ingest_records(kind=kind_named("orders"), records=[record], options=options, by=None).rows

    assert row.status == "created"
    assert Order.objects.get(external_id="O7").customer.external_id == "A"


def test_a_preview_shows_a_merged_customer_as_a_row_that_is_taken(tmp_path, at):
    path = tmp_path / "customers.csv"
    path.write_text("customer_id,name\nB,Bob\nC,Cy\n")
    shown = preview(kind_named("customers"), path, None, at=at)

    assert [row.is_taken for row in shown.rows] == [True, True]


def test_without_the_alias_the_old_key_is_unknown(take):
    CustomerAlias.objects.all().delete()

    assert take("orders", orders(("O5", "B"))).counts == (0, 0, 0, 1)


def test_the_api_finds_the_kept_customer_by_the_old_key(client, marketer):
    answer = client.get("/api/v1/customers/B", headers={"Authorization": bearer(marketer)})

    assert answer.status_code == 200
    assert answer.json()["external_id"] == "A"
