"""Every kind explains itself, and sent a second time it changes nothing."""

import pytest

from loyalty.services.ingest import kinds, template_file

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_a_kind_and_each_of_its_columns_say_what_they_are(kind):
    asked_for = [column for column in kind.columns if column.is_asked_for]

    assert kind.description.endswith(".")
    assert [column.name for column in asked_for if not column.meaning.endswith(".")] == []
    # An example of a return, or of both ways to say a benefit, would contradict the rest of the row.
    assert {column.name for column in asked_for if not column.example} <= {"reverses", "benefit_percent"}


def test_the_example_of_every_kind_is_new_once(take):
    files = {kind.name: template_file(kind.name, "csv") for kind in kinds()}

    assert {name: take(name, content).counts for name, content in files.items()} == dict.fromkeys(files, (1, 0, 0, 0))
    assert {name: take(name, content).counts for name, content in files.items()} == dict.fromkeys(files, (0, 0, 1, 0))
