import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from campaigns.models import Trial, TrialPerson
from campaigns.queries.uplift import uplift_verdict
from campaigns.services.trials.importing import begin_trial, import_trial
from campaigns.services.trials.readouts import read_trial
from loyalty.models import Customer, Job
from loyalty.services.progress import QuietProgress
from tests.campaigns.services.trials.test_reading import PLAN
from tests.campaigns.trial_files import write_trial
from tests.rows import bearer, make_trial, make_uplift_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, marketer, settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path / "uploads"
    client.force_login(marketer)
    return client


def read(tmp_path, **world):
    path = write_trial(tmp_path / "trial.csv", **world)
    trial = begin_trial(name="Spring", path=path, plan=PLAN, by=None, at=now())
    import_trial(trial=trial, path=path, report=QuietProgress())
    read_trial(trial=trial, at=now(), seed=3, report=QuietProgress())
    trial.refresh_from_db()
    return trial


def said(client, trial):
    return client.get(trial.get_absolute_url()).content.decode()


def test_a_file_is_kept_its_columns_are_suggested_and_a_job_reads_it(page, tmp_path):
    text = write_trial(tmp_path / "trial.csv").read_bytes()
    answer = page.post(reverse("trial-new"), {"name": "Spring", "file": SimpleUploadedFile("trial.csv", text)})
    trial = Trial.objects.get()
    assert answer.headers["Location"] == reverse("trial-map", args=[trial.pk])
    form = page.get(answer.headers["Location"]).context["form"]
    assert (form["arm"].value(), form["outcome"].value(), form["value"].value()) == ("mailing", "bought", "revenue")
    assert (form["control"].value(), form["before"].value()) == ("nothing", ("town", "visits", "spend before"))

    values = {name: form[name].value() or "" for name in form.fields}
    looked = page.post(answer.headers["Location"], {**values, "step": "look", "shares": "nothing=0.5\nmessage = 50%"})
    trial.refresh_from_db()
    assert trial.state == Trial.State.DRAFT
    preview = looked.context["preview"]
    assert [(arm.name, arm.planned) for arm in preview.arms] == [("nothing", 0.5), ("message", 0.5)]
    assert sum(arm.n_people for arm in preview.arms) == 1500
    assert "happened or did not" in preview.outcome

    page.post(answer.headers["Location"], {**values, "step": "import", "shares": "nothing=0.5\nmessage = 50%"})

    trial.refresh_from_db()
    assert trial.plan["shares"] == {"nothing": 0.5, "message": 0.5}
    assert trial.state == Trial.State.WAITING
    assert Job.objects.get(parent=None).steps.count() == 2
    assert "is being read" in said(page, trial)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"arm": ""}, "Choose the column that tells this."),
        ({"value": "bought"}, "cannot be two things at once"),
        ({"control": ""}, "Name the group that got nothing."),
        ({"contact_cost": "0.2"}, "Give both"),
        ({"contact_cost": "cheap", "outcome_value": "3"}, "Write an amount, like 0.45."),
        ({"shares": "half each"}, "Write one group a line with its share"),
        ({"shares": "nothing = 50%\nmessage = 60%"}, "must add up to 100%"),
        ({"shares": "nothing = 50%\nletter = 50%"}, "Say which share of people was planned for “message”"),
        ({"shares": "nothing = 40%\nmessage = 40%\nletter = 20%"}, "nobody was in that group"),
        ({"starts_on": "2017-05-01"}, "Give both: the first day"),
        ({"starts_on": "2017-05-02", "ends_on": "2017-05-01"}, "must not be before its first day"),
    ],
    ids=[
        "arm",
        "twice",
        "control",
        "half a price",
        "no price",
        "no share",
        "too much",
        "unplanned",
        "absent",
        "half the days",
        "days turned round",
    ],
)
def test_a_plan_that_does_not_fit_is_told_beside_the_field(page, tmp_path, values, sentence):
    text = write_trial(tmp_path / "trial.csv").read_bytes()
    page.post(reverse("trial-new"), {"name": "Spring", "file": SimpleUploadedFile("trial.csv", text)})
    told = {"arm": "mailing", "outcome": "bought", "control": "nothing", **values}
    answer = page.post(reverse("trial-map", args=[Trial.objects.get().pk]), told)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_rows_that_cannot_be_taken_are_shown_before_anything_is_written(page, tmp_path):
    text = write_trial(tmp_path / "trial.csv").read_bytes() + b"c9,message,perhaps,0,Rome,1,1\n"
    page.post(reverse("trial-new"), {"name": "Spring", "file": SimpleUploadedFile("trial.csv", text)})
    html = page.get(reverse("trial-map", args=[Trial.objects.get().pk])).content.decode()
    assert "1 row cannot be taken" in html
    assert "1,502" in html
    assert "Write 1 or 0, yes or no" in html
    assert not TrialPerson.objects.exists()


def test_two_trials_cannot_share_a_name_and_an_empty_file_is_no_trial(page, tmp_path):
    make_trial(0, name="Spring")
    for name, content, sentence in (("Spring", b"a,b\n1,2\n", "already"), ("Autumn", b" \n", "empty")):
        answer = page.post(reverse("trial-new"), {"name": name, "file": SimpleUploadedFile("t.csv", content)})
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
    assert Trial.objects.count() == 1


def test_the_page_says_that_targeting_does_not_pay_where_nobody_differs(page, tmp_path):
    html = said(page, read(tmp_path, effect=0.2))
    assert "What did each message change?" in html
    assert "Targeting shows no measurable gain" in html
    assert "Send it to everybody" in html
    assert "Came because of it" in html


def test_the_page_names_the_group_that_is_changed(page, tmp_path):
    html = said(page, read(tmp_path, n_people=6000, group_effect=0.35))
    assert "Targeting pays for “message”" in html
    assert "visits above 5.5" in html


def test_a_broken_trial_shows_no_effect(page, tmp_path):
    results = {"sample_ratio": {"is_broken": True, "is_checked": True, "p_value": 1e-9, "expected": []}}
    trial = make_trial(0, state="done", results=results)
    html = said(page, trial)
    assert "not as large as planned" in html
    assert "What did each message change?" not in html


def test_rows_that_were_not_taken_can_be_downloaded(page):
    trial = make_trial(0, n_people=1, n_rejected=1)
    answer = page.get(trial.get_absolute_url(), {"format": "csv"})
    assert b"This is no number." in answer.getvalue()


def test_a_price_has_the_trial_read_again(page, tmp_path):
    trial = make_trial(0, state="done")
    page.post(reverse("trial-again", args=[trial.pk]), {"contact_cost": "0.5", "outcome_value": "4"})
    trial.refresh_from_db()
    assert (trial.state, float(trial.contact_cost)) == (Trial.State.WAITING, 0.5)
    assert trial.job.task == "campaigns.read_trial"


def test_lists_cost_the_same_with_twice_the_trials(page):
    def queries(url, **headers):
        with CaptureQueriesContext(connection) as captured:
            assert page.get(url, headers=headers).status_code == 200
        return len(captured)

    key = bearer(Trial.imported_by.field.related_model.objects.create_superuser("robot"))
    urls = [(reverse("experiments"), {}), (reverse("api-trial-list"), {"authorization": key})]
    for number in range(2):
        make_trial(number, state="done")
    few = [queries(url, **headers) for url, headers in urls]
    for number in range(2, 6):
        make_trial(number, state="done")
    assert [queries(url, **headers) for url, headers in urls] <= few


def test_without_a_trial_of_our_own_customers_the_audience_is_response_and_says_so():
    assert not uplift_verdict().may_rank_by_uplift
    assert "not by what the campaign changes" in uplift_verdict().sentence


@pytest.mark.parametrize("is_open", [True, False])
def test_with_one_the_gate_decides(is_open):
    customer = Customer.objects.create(external_id="c1")
    trial = make_trial(0, customer, state="done", n_customers=1, outcome_value=4)
    make_uplift_model(trial, is_open=is_open)
    verdict = uplift_verdict()
    assert verdict.may_rank_by_uplift is is_open
    assert verdict.trial == trial


@pytest.mark.parametrize("is_open", [True, False])
def test_the_builder_offers_ranking_by_it_only_where_the_gate_is_open(page, is_open):
    trial = make_trial(0, Customer.objects.create(external_id="c1"), state="done", n_customers=1, outcome_value=4)
    model = make_uplift_model(trial, is_open=is_open)
    html = page.get(reverse("campaign-new")).content.decode()
    assert (f'<option value="{model.pk}">whom “e-mail” changes most' in html) is is_open
    assert ("showed no measurable gain" in html) is not is_open


def test_what_the_shop_knows_is_told_beside_what_the_file_knew(page):
    found = {"value": 0.1, "low": 0.05, "high": 0.15}
    arm = {"arm": "e-mail", "n_people": 9, "mean": found, "difference": found, "adjusted": found}
    trial = make_trial(
        0,
        Customer.objects.create(external_id="c1"),
        state="done",
        n_customers=1,
        results={"arms": [arm], "smallest_effect_seen": 0.1, "is_binary": True},
    )
    assert "Read the trial again to find out" in said(page, trial)
    make_uplift_model(trial)
    html = said(page, trial)
    assert "A campaign may be ranked by what “e-mail” changes." in html
    assert "Say below what one outcome is worth" in html
