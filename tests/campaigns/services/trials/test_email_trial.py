"""A public trial of e-mails as it is found: headings alone say which column is what, and it is read as a whole."""

import pytest
from django.core.management import call_command

from campaigns.models import Trial
from campaigns.services.trials.plans import TrialPlan, known_before, suggest_control, suggest_roles
from campaigns.services.trials.reading import read_trial_file
from loyalty.services.ingest import look_at
from loyalty.services.progress import QuietProgress
from tests.campaigns.trial_files import EMAIL_COLUMNS, write_email_trial


def test_the_headings_of_a_public_file_say_it_all_and_64_000_people_are_taken(tmp_path):
    path = write_email_trial(tmp_path / "email.csv", n_people=64_000)
    roles, look = suggest_roles(EMAIL_COLUMNS), look_at(path)
    assert (roles["arm"], roles["outcome"], roles["value"]) == ("segment", "visit", "spend")
    assert not any(roles[role] for role in ("attributed", "propensity", "person", "household"))
    samples = [sample for column in look.columns if column.name == "segment" for sample in column.samples]
    assert suggest_control(samples) == "No E-Mail"
    before = known_before(EMAIL_COLUMNS, roles)
    assert before == EMAIL_COLUMNS[:8]

    table = read_trial_file(path, TrialPlan(**roles, control="No E-Mail", before=before), QuietProgress())

    assert table.n_people == 64_000
    assert not table.rejected
    assert not table.features.left_out
    assert table.arms == ("No E-Mail", "Mens E-Mail", "Womens E-Mail")
    assert {"zip_code: Rural", "channel: Web", "history", "recency", "newbie"} <= set(table.features.names)
    assert "conversion" not in table.features.names


@pytest.mark.django_db
def test_where_both_e_mails_change_everybody_alike_choosing_people_brings_nothing(tmp_path, capsys):
    path = write_email_trial(tmp_path / "email.csv", n_people=6000)
    call_command("import_trial", str(path), "--name", "E-mails", "--outcome", "visit")
    told, trial = capsys.readouterr().out, Trial.objects.get()
    assert trial.n_people == 6000
    assert all(not one["is_open"] for one in trial.readouts)
    assert all(one["difference"]["low"] <= 0.06 <= one["difference"]["high"] for one in trial.results["arms"])
    assert told.count("Send it to everybody") == 2
    assert all(policy["agree"] for policy in trial.results["policies"])
