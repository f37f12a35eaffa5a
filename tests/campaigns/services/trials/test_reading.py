import numpy as np
import pytest

from campaigns.services.trials.plans import TrialPlan, known_before, suggest_control, suggest_roles
from campaigns.services.trials.reading import read_trial_file
from loyalty.services.ingest import FileRefused
from loyalty.services.progress import QuietProgress
from tests.campaigns.trial_files import write_trial

PLAN = TrialPlan(arm="mailing", outcome="bought", control="nothing", value="revenue", person="customer_id")


def read(path, plan=PLAN):
    return read_trial_file(path, plan, QuietProgress())


def lines_of(path, *lines):
    text = path.read_text().splitlines()
    path.write_text("\n".join([*text, *lines]))
    return path


def test_words_become_columns_and_numbers_stay_numbers(tmp_path):
    table = read(write_trial(tmp_path / "trial.csv"))
    assert table.arms == ("nothing", "message")
    assert table.features.names == ("town: Oslo", "visits", "spend before") or "town: Rome" in table.features.names
    assert table.n_people == 1500
    assert table.value.sum() == 20 * table.outcome.sum()
    assert table.lines[0] == 2


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("c9,,1,0,Rome,1,1", "mailing", "Say which group"),
        ("c9,message,,0,Rome,1,1", "bought", "Write 0 where nothing happened"),
        ("c9,message,perhaps,0,Rome,1,1", "bought", "yes or no"),
        ("c9,message,1,a lot,Rome,1,1", "revenue", "no amount"),
        ("c9,message,1", "", "3 cells where the heading has 7"),
    ],
    ids=["no arm", "no outcome", "no number", "no amount", "short row"],
)
def test_a_row_that_cannot_be_taken_is_told_with_its_line(tmp_path, line, column, reason):
    table = read(lines_of(write_trial(tmp_path / "trial.csv"), line))
    (problem,) = table.rejected
    assert (problem.line, problem.column) == (1502, column)
    assert reason in problem.reason
    assert table.n_people == 1500


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        ({"control": "placebo"}, "No person was in a group called “placebo”"),
        ({"arm": "mail"}, "There is no column “mail”"),
        ({"value": "bought"}, "cannot be two things at once"),
        ({"shares": {"nothing": 0.5, "other": 0.5}}, "Say which share"),
        ({"shares": {"nothing": 0.5, "message": 0.6}}, "add up to 100%"),
        ({"before": ("bought",)}, "cannot also describe people beforehand"),
    ],
    ids=["control", "column", "twice", "unplanned", "shares", "before"],
)
def test_a_plan_that_does_not_fit_is_refused_with_a_sentence(tmp_path, plan, sentence):
    told = {"arm": "mailing", "outcome": "bought", "control": "nothing", **plan}
    with pytest.raises(FileRefused, match=sentence):
        read(write_trial(tmp_path / "trial.csv"), TrialPlan(**told))


def test_what_the_campaign_changed_is_no_ground_for_choosing_people(tmp_path):
    path = write_trial(tmp_path / "trial.csv", effect=0.3)
    without = TrialPlan(arm="mailing", outcome="bought", control="nothing", person="customer_id")
    table = read(path, without)
    assert "revenue" not in table.features.names
    assert any("“revenue” differs between the groups" in sentence for sentence in table.features.left_out)


def test_a_missing_number_is_a_fact_of_its_own(tmp_path):
    path = lines_of(write_trial(tmp_path / "trial.csv"), "x,message,1,0,Rome,,2")
    table = read(path)
    assert "visits: not said" in table.features.names
    values = table.features.values[-1]
    assert values[table.features.names.index("visits: not said")] == 1
    assert 0 <= values[table.features.names.index("visits")] <= 11


def test_people_of_one_household_are_kept_together(tmp_path):
    path = tmp_path / "homes.csv"
    rows = [f"h{n // 2},{'mail' if n % 4 < 2 else 'nothing'},{n % 3 == 0:d}" for n in range(200)]
    path.write_text("\n".join(["household,arm,outcome", *rows]))
    plan = TrialPlan(arm="arm", outcome="outcome", control="nothing", household="household")
    table = read(path, plan)
    assert len(np.unique(table.groups)) == 100
    assert (table.groups[::2] == table.groups[1::2]).all()


def test_a_logged_chance_becomes_the_chances_of_all_arms(tmp_path):
    path = tmp_path / "log.csv"
    rows = [f"{'mail' if n % 2 else 'nothing'},{n % 3 == 0:d},{0.8 if n % 2 else 0.2}" for n in range(200)]
    path.write_text("\n".join(["arm,outcome,chance", *rows]))
    table = read(path, TrialPlan(arm="arm", outcome="outcome", control="nothing", propensity="chance"))
    assert np.allclose(table.propensity, [0.2, 0.8])


def test_the_headings_suggest_what_is_what():
    names = ["recency", "mens", "zip_code", "segment", "visit", "conversion", "spend"]
    roles = suggest_roles(names)
    assert (roles["arm"], roles["outcome"], roles["value"], roles["person"]) == ("segment", "visit", "spend", "")
    assert known_before(names, roles) == ("recency", "mens", "zip_code")
    assert suggest_control(["Mens E-Mail", "No E-Mail", "Womens E-Mail"]) == "No E-Mail"
