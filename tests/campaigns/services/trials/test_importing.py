import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.utils.timezone import now

from campaigns.models import Trial, TrialPerson
from campaigns.services.trials.importing import (
    TrialNotOpen,
    begin_trial,
    import_trial,
    keep_trial_file,
    kept_file,
    start_trial,
)
from campaigns.services.trials.readouts import read_trial
from campaigns.tasks import read_out_trial, take_in_trial
from loyalty.models import Customer, Job
from loyalty.services.ingest import FileRefused
from loyalty.services.progress import JobCancelled, QuietProgress
from tests.campaigns.services.trials.test_reading import PLAN
from tests.campaigns.trial_files import write_trial

pytestmark = pytest.mark.django_db
REPORT = QuietProgress()


class StopsWriting(QuietProgress):
    def __call__(self, done, total, message=""):
        if message.startswith("Writing") and " of " in message:
            raise JobCancelled


def begin(path, name="Spring"):
    return begin_trial(name=name, path=path, plan=PLAN, by=None, at=now())


def test_people_are_taken_in_and_tied_to_customers(tmp_path):
    Customer.objects.create(external_id="c7", name="Ann")
    path = write_trial(tmp_path / "trial.csv")
    trial = begin(path)

    import_trial(trial=trial, path=path, report=REPORT)

    assert (trial.n_people, trial.n_rejected, trial.n_customers) == (1500, 0, 1)
    assert [arm.name for arm in trial.arms.all()] == ["nothing", "message"]
    assert sum(arm.n_people for arm in trial.arms.all()) == 1500
    person = TrialPerson.objects.get(customer__external_id="c7")
    assert (person.row, len(person.features)) == (9, 3)


def test_the_same_file_again_changes_nothing_and_another_one_is_refused(tmp_path):
    path = write_trial(tmp_path / "trial.csv")
    for _ in range(2):
        trial = begin(path)
        import_trial(trial=trial, path=path, report=REPORT)
    assert Trial.objects.count() == 1
    assert TrialPerson.objects.count() == 1500
    with pytest.raises(FileRefused, match="from another file already"):
        begin(write_trial(tmp_path / "other.csv", seed=2))


def test_an_import_that_is_stopped_leaves_nothing(tmp_path):
    path = write_trial(tmp_path / "trial.csv")
    trial = begin(path)
    with pytest.raises(JobCancelled):
        import_trial(trial=trial, path=path, report=StopsWriting())
    assert not TrialPerson.objects.exists()
    assert not trial.arms.exists()
    import_trial(trial=trial, path=path, report=REPORT)
    assert TrialPerson.objects.count() == 1500


def test_a_refused_file_says_why_and_may_be_tried_with_another_plan(tmp_path, settings):
    settings.UPLOAD_DIR = tmp_path
    text = ContentFile(write_trial(tmp_path / "trial.csv").read_bytes(), "trial.csv")
    trial = keep_trial_file(name="Spring", file=text, by=None, at=now())
    start_trial(trial=trial, plan=PLAN, by=None, at=now())
    Trial.objects.update(plan={**PLAN.to_json(), "control": "placebo"})
    trial.refresh_from_db()
    with pytest.raises(FileRefused):
        import_trial(trial=trial, path=kept_file(trial), report=REPORT)
    trial.refresh_from_db()
    assert trial.state == Trial.State.FAILED
    assert "placebo" in trial.note
    assert start_trial(trial=trial, plan=PLAN, by=None, at=now()).steps.count() == 2


def test_an_upload_is_read_by_its_job_and_its_file_goes(tmp_path, settings):
    settings.UPLOAD_DIR = tmp_path
    text = ContentFile(write_trial(tmp_path / "trial.csv", effect=0.2).read_bytes(), "trial.csv")
    trial = keep_trial_file(name="Spring", file=text, by=None, at=now())
    job = start_trial(trial=trial, plan=PLAN, by=None, at=now())
    with pytest.raises(TrialNotOpen):
        start_trial(trial=trial, plan=PLAN, by=None, at=now())

    for step, task in zip(job.steps.order_by("position"), (take_in_trial, read_out_trial), strict=True):
        task(step.pk)

    trial.refresh_from_db()
    assert Job.objects.get(pk=job.pk).state == Job.State.DONE
    assert trial.state == Trial.State.DONE
    assert not kept_file(trial).exists()
    effect = trial.results["arms"][0]["difference"]
    assert effect["low"] <= 0.2 <= effect["high"]


def test_what_is_read_out_is_the_same_every_time_and_kept_beside_customers(tmp_path):
    Customer.objects.create(external_id="c7", name="Ann")
    path = write_trial(tmp_path / "trial.csv", group_effect=0.3)
    trial = begin(path)
    import_trial(trial=trial, path=path, report=REPORT)
    results = []
    for _ in range(2):
        read_trial(trial=trial, at=now(), seed=3, report=REPORT)
        trial.refresh_from_db()
        results.append(trial.results)
    assert results[0] == results[1]
    assert TrialPerson.objects.get(customer__external_id="c7").expected_effect is not None
    money = trial.results["money"][0]
    assert money["came_with"] > money["incremental"]["value"]


def test_a_broken_trial_is_not_read_out(tmp_path):
    path = write_trial(tmp_path / "trial.csv")
    plan = {**PLAN.to_json(), "shares": {"nothing": 0.6, "message": 0.4}}
    trial = begin(path)
    trial.plan = plan
    trial.save()
    import_trial(trial=trial, path=path, report=REPORT)
    read_trial(trial=trial, at=now(), seed=3, report=REPORT)
    trial.refresh_from_db()
    assert trial.results["sample_ratio"]["is_broken"]
    assert "arms" not in trial.results


def test_the_command_prints_what_the_campaign_changed(tmp_path, capsys):
    path = write_trial(tmp_path / "trial.csv", effect=0.2)
    call_command("import_trial", str(path), "--name", "Spring")
    told = capsys.readouterr().out
    assert "Spring: 1,500 people" in told
    assert "Send it to everybody" in told


def test_a_column_that_was_named_is_not_guessed_to_be_another(tmp_path, capsys):
    path = write_trial(tmp_path / "trial.csv", effect=0.2)
    call_command("import_trial", str(path), "--name", "Money", "--outcome", "revenue", "--people-only")
    assert "Outcome: revenue" in capsys.readouterr().out
    assert Trial.objects.get().plan["value"] == ""
