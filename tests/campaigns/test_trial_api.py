import base64

import pytest
from django.contrib.auth import get_user_model

from campaigns.models import Trial
from loyalty.models import Job
from tests.campaigns.trial_files import write_trial
from tests.rows import bearer

pytestmark = pytest.mark.django_db
URL = "/api/v1/trials/"


@pytest.fixture(autouse=True)
def _uploads(settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path / "uploads"


@pytest.fixture
def send(client):
    key = bearer(get_user_model().objects.create_superuser("robot"))

    def post(body, **headers):
        return client.post(URL, body, content_type="application/json", headers={"authorization": key, **headers})

    return post


def upload(folder, **values):
    text = base64.b64encode(write_trial(folder / "trial.csv").read_bytes()).decode()
    plan = {"arm": "mailing", "outcome": "bought", "control": "nothing", "person": "customer_id"}
    return {"name": "Spring", "file": text, "shares": {"nothing": 0.5, "message": 0.5}, **plan, **values}


def test_a_file_a_mapping_and_shares_become_a_job(send, tmp_path):
    answer = send(upload(tmp_path, starts_at="2017-05-01T00:00:00Z", ends_at="2017-05-29T00:00:00Z"))
    assert answer.status_code == 202
    trial = Trial.objects.get()
    assert answer.json()["id"] == trial.job_id
    assert trial.plan["shares"] == {"nothing": 0.5, "message": 0.5}
    assert (trial.state, trial.starts_at.isoformat()) == (Trial.State.WAITING, "2017-05-01T00:00:00+00:00")


@pytest.mark.parametrize("headers", [{}, {"idempotency-key": "once"}], ids=["by its content", "by a key"])
def test_the_same_file_twice_is_one_job(send, tmp_path, headers):
    first, again = (send(upload(tmp_path), **headers) for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    assert Trial.objects.count() == Job.objects.filter(parent=None).count() == 1


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"file": "no base!"}, "This is no Base64"),
        ({"file": base64.b64encode(b"a,b\n1,2\n").decode()}, "There is no column “mailing”"),
        ({"shares": {"nothing": 0.5, "message": 0.6}}, "must add up to 100%"),
        ({"contact_cost": "0.5"}, "Give both"),
        ({"starts_at": "2017-05-01T00:00:00Z"}, "Give both: the first day"),
        ({"arms": "mailing"}, "There is no such field"),
    ],
    ids=["no base", "no column", "shares", "half a price", "half the days", "misspelt"],
)
def test_what_does_not_fit_is_refused_with_a_sentence_and_leaves_nothing(send, tmp_path, values, sentence):
    answer = send(upload(tmp_path, **values))
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not Trial.objects.exists()
    uploads = tmp_path / "uploads"
    assert not uploads.exists() or not list(uploads.iterdir())


def test_who_may_not_bring_in_trials_is_refused(client, tmp_path):
    nobody = get_user_model().objects.create_user("nobody")
    answer = client.post(
        URL, upload(tmp_path), content_type="application/json", headers={"authorization": bearer(nobody)}
    )
    assert answer.status_code == 403
    assert not Trial.objects.exists()
