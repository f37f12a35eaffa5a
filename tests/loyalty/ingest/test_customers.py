"""One table, one row a record: what is new, changed, the same, and refused."""

from datetime import date

import pytest

from loyalty.models import Consent, Customer, IngestRun

pytestmark = pytest.mark.django_db
PEOPLE = "customer_id,name,joined_on\nA,Ann,2020-02-28\nB,Bob,\n"


def test_new_customers_are_added(take):
    taken = take("customers", PEOPLE)

    assert taken.counts == (2, 0, 0, 0)
    assert Customer.objects.get(external_id="A").joined_on == date(2020, 2, 28)
    assert Customer.objects.get(external_id="B").age_group == ""


def test_the_same_file_twice_changes_nothing(take):
    take("customers", PEOPLE)
    before = list(Customer.objects.order_by("pk").values())

    assert take("customers", PEOPLE).counts == (0, 0, 2, 0)
    assert list(Customer.objects.order_by("pk").values()) == before


def test_only_what_differs_is_changed_and_stamped(take, at):
    take("customers", PEOPLE)
    Customer.objects.update(updated_at=at.replace(year=2001))

    assert take("customers", PEOPLE.replace("Bob", "Rob")).counts == (0, 1, 1, 0)
    assert Customer.objects.get(external_id="B").name == "Rob"
    assert Customer.objects.get(external_id="B").updated_at == at
    assert Customer.objects.get(external_id="A").updated_at.year == 2001


def test_a_column_that_is_not_in_the_file_is_left_alone(take):
    take("customers", PEOPLE)
    take("customers", "customer_id,location\nA,Ghent\n")

    assert Customer.objects.get(external_id="A").name == "Ann"


def test_an_empty_cell_empties_the_value(take):
    take("customers", PEOPLE)
    take("customers", "customer_id,name,joined_on\nA,,\n")

    customer = Customer.objects.get(external_id="A")
    assert (customer.name, customer.joined_on) == ("", None)


def test_the_same_row_twice_is_taken_once(take):
    assert take("customers", "customer_id,name\nA,Ann\nA,Ann\n").counts == (1, 0, 1, 0)


def test_the_same_key_with_other_values_is_refused_naming_the_first_line(take):
    taken = take("customers", "customer_id,name\nA,Ann\nB,Bob\nA,Anna\n")

    assert taken.counts == (2, 0, 0, 1)
    assert taken.refusals == [
        (4, "customer_id", "Line 2 gives other values for the same customer_id. Keep one of them.")
    ]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (",Ann,", "customer_id", "Fill in customer_id: every row needs it."),
        ("   ,Ann,", "customer_id", "Fill in customer_id: every row needs it."),
        (f"{'x' * 65},Ann,", "customer_id", "Shorten this to 64 characters or fewer."),
        (f"A,{'x' * 201},", "name", "Shorten this to 200 characters or fewer."),
        ("A,Ann,2021-02-29", "joined_on", "There is no such day. Correct the date."),
        ("A,Ann,29/02/2020", "joined_on", "This is not a date that can be read. Write it like 2017-12-31."),
        ("A,Ann,,x", "", "This row has 4 cells where the heading has 3. Correct the row."),
        ("A", "", "This row has 1 cells where the heading has 3. Correct the row."),
    ],
)
def test_a_faulty_row_is_refused_with_line_column_and_what_to_do(take, row, column, reason):
    taken = take("customers", f"customer_id,name,joined_on\nZ,Zoe,\n{row}\n")

    assert taken.counts == (1, 0, 0, 1)
    assert taken.refusals == [(3, column, reason)]


def test_every_faulty_cell_of_a_row_is_told(take):
    taken = take("customers", f"customer_id,name,joined_on\n,{'x' * 201},soon\n")

    assert [column for _, column, _ in taken.refusals] == ["customer_id", "joined_on", "name"]
    assert taken.counts == (0, 0, 0, 1)


def test_the_run_keeps_what_happened(take):
    run = take("customers", "customer_id,name\nA,Ann\n,Bob\n").run

    assert (run.state, run.kind, run.source) == (IngestRun.State.DONE, "customers", "shop.csv")
    assert (run.n_rows, run.n_created, run.n_rejected) == (2, 1, 1)
    assert run.finished_at is not None


def test_named_values_become_attributes(take):
    take("customers", "customer_id,attributes.pets,attributes.car\nA,cat,\n")

    assert Customer.objects.get(external_id="A").attributes == {"pets": "cat"}


def test_attributes_that_are_no_named_values_are_refused(take):
    taken = take("customers", 'customer_id,attributes\nA,"[1]"\nB,"{""a"": NaN}"\nC,"{""a"": 1}"\n')

    assert [line for line, _, _ in taken.refusals] == [2, 3]
    assert Customer.objects.get().attributes == {"a": 1}


def test_a_consent_of_an_unknown_customer_is_refused(take):
    take("customers", PEOPLE)
    rows = (
        "customer_id,purpose,channel,state,at\n"
        "A,marketing,email,granted,2026-01-01\nX,marketing,email,maybe,2026-01-01\n"
    )
    taken = take("consents", rows)

    assert [column for _, column, _ in taken.refusals] == ["state"]
    assert Consent.objects.get().source == "shop.csv"
    assert take("consents", rows.replace("maybe", "denied")).refusals == [
        (3, "customer_id", "There is no customer with this key. Import the customer first, or correct the key.")
    ]
