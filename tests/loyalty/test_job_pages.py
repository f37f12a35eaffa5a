"""Jobs in the browser: the list, one job, the line that keeps itself up to date, cancel and retry."""

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loyalty.models import Job, JobEntry
from loyalty.services import jobs
from loyalty.services.leases import claim

pytestmark = pytest.mark.django_db
POLLS = "hx-get"


@pytest.fixture
def browser(client, marketer):
    client.force_login(marketer)
    return client


def make_job(at, label="Count", **values):
    job = jobs.create_job(task="tests.count", label=label, params={}, by=None, at=at)
    Job.objects.filter(pk=job.pk).update(**values)
    job.refresh_from_db()
    return job


def make_steps(at, by=None):
    steps = [jobs.Step("tests.count", "First"), jobs.Step("tests.count", "Second")]
    return jobs.create_steps(label="Both", steps=steps, by=by, at=at)


def text_of(response):
    return response.content.decode()


def n_queries(browser, url):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert browser.get(url).status_code == 200
    return len(queries)


def test_nobody_sees_jobs_without_logging_in(client, at):
    pk = make_job(at).pk
    for name, args in (("jobs", []), ("job", [pk]), ("job-progress", [pk])):
        response = client.get(reverse(name, args=args))
        assert response.status_code == 302
        assert response.url.startswith(reverse("login"))


def test_an_empty_list_says_what_to_do_first(browser):
    assert reverse("data") in text_of(browser.get(reverse("jobs")))


def test_the_list_shows_wholes_newest_first_and_not_their_steps(browser, at):
    make_job(at, label="Older")
    make_steps(at)
    page = text_of(browser.get(reverse("jobs")))
    assert page.index("Both") < page.index("Older")
    assert reverse("job", args=[Job.objects.get(label="First").pk]) not in page


@pytest.mark.parametrize(
    ("choice", "shown", "hidden"),
    [
        ("open", "Waiting one", "Broken one"),
        ("failed", "Broken one", "Finished one"),
        ("done", "Finished one", "Broken one"),
        ("cancelled", "Stopped one", "Finished one"),
    ],
)
def test_the_list_is_filtered_by_its_address(browser, at, choice, shown, hidden):
    make_job(at, label="Waiting one")
    make_job(at, label="Broken one", state="failed")
    make_job(at, label="Finished one", state="done")
    make_job(at, label="Stopped one", state="cancelled")
    page = text_of(browser.get(reverse("jobs"), {"state": choice}))
    assert shown in page
    assert hidden not in page


def test_a_choice_nobody_offers_shows_all(browser, at):
    make_job(at, label="Any one")
    assert "Any one" in text_of(browser.get(reverse("jobs"), {"state": "sideways"}))


def test_the_list_needs_no_more_queries_for_more_jobs(browser, at, marketer):
    def add(n):
        for _ in range(n):
            make_steps(at, by=marketer)

    add(2)
    before = n_queries(browser, reverse("jobs"))
    add(6)
    assert n_queries(browser, reverse("jobs")) == before


def test_a_job_needs_no_more_queries_for_more_steps(browser, at):
    def whole(n):
        steps = [jobs.Step("tests.count", f"Step {number}") for number in range(n)]
        return reverse("job", args=[jobs.create_steps(label="Whole", steps=steps, by=None, at=at).pk])

    assert n_queries(browser, whole(2)) == n_queries(browser, whole(12))


def test_pages_follow_each_other_without_repeating(browser, at):
    for number in range(30):
        make_job(at, label=f"Job number {number:02}")
    first = browser.get(reverse("jobs"))
    second = browser.get(reverse("jobs"), {"page": first.context["page"].after})
    keys = [one.job.pk for response in (first, second) for one, _ in response.context["lines"]]
    assert keys == sorted(keys, reverse=True)
    assert len(keys) == 30


def test_an_exported_label_is_no_formula(browser, at):
    make_job(at, label="=HYPERLINK(1)")
    lines = b"".join(browser.get(reverse("jobs"), {"format": "csv"}).streaming_content).decode()
    assert "'=HYPERLINK(1)" in lines


def test_a_step_leads_to_its_whole(browser, at):
    parent = make_steps(at)
    response = browser.get(reverse("job", args=[parent.steps.first().pk]))
    assert response.status_code == 302
    assert response.url == reverse("job", args=[parent.pk])


def test_a_job_shows_who_where_how_often_and_its_log(browser, at, marketer):
    parent = make_steps(at, by=marketer)
    step = parent.steps.get(position=0)
    lease = claim(step.pk, worker="machine-7:4711")
    lease(1, 4, "Reading <rows>")
    JobEntry.objects.create(job=step, at=at, text="12 rows looked odd.")
    page = text_of(browser.get(reverse("job", args=[parent.pk])))
    for told in ("marketer", "machine-7:4711", "Reading &lt;rows&gt;", "12 rows looked odd.", "1 of 4"):
        assert told in page


def test_an_unknown_job_is_not_found(browser):
    assert browser.get(reverse("job", args=[1])).status_code == 404
    assert browser.get(reverse("job-progress", args=[1])).status_code == 404


@pytest.mark.parametrize("name", ["job", "job-progress"])
def test_asking_again_stops_when_the_job_has_ended(browser, at, name):
    job = make_job(at)
    url = reverse(name, args=[job.pk])
    assert POLLS in text_of(browser.get(url))
    for state in Job.ENDED_STATES:
        Job.objects.filter(pk=job.pk).update(state=state, finished_at=at)
        assert POLLS not in text_of(browser.get(url))


def test_progress_is_the_mean_of_the_steps(browser, at):
    parent = make_steps(at)
    first, _ = parent.steps.order_by("position")
    claim(first.pk, worker="here")(1, 2, "half way")
    page = text_of(browser.get(reverse("job-progress", args=[parent.pk])))
    assert "25%" in page
    assert "First: half way" in page


def test_what_came_of_an_import_is_told_in_words_with_a_link(browser, at):
    summary = {"run_id": 77, "rows": 10, "created": 1200, "updated": 3, "unchanged": 0, "rejected": 1}
    job = make_job(at, task="loyalty.ingest", state="done", summary=summary, finished_at=at)
    assert "1,203 rows taken in" in text_of(browser.get(reverse("jobs")))
    page = text_of(browser.get(reverse("job-progress", args=[job.pk])))
    assert "1,203 rows taken in: 1,200 new, 3 changed. 1 row refused" in page
    assert reverse("ingest-run", args=[77]) in page


def test_a_summary_nobody_knows_is_told_too(browser, at):
    job = make_job(at, label="Sweep the floor", state="done", summary={"url": "/data/"}, finished_at=at)
    page = text_of(browser.get(reverse("job-progress", args=[job.pk])))
    assert "Sweep the floor: done." in page
    assert 'href="/data/"' in page


def test_a_summary_that_lacks_a_number_breaks_no_page(browser, at):
    job = make_job(at, task="campaigns.simulate_campaign", state="done", summary={}, finished_at=at)
    assert browser.get(reverse("job", args=[job.pk])).status_code == 200


def test_the_reason_of_a_failure_is_shown(browser, at):
    job = make_job(at, state="failed", error="The file has no heading.", finished_at=at)
    assert "The file has no heading." in text_of(browser.get(reverse("job", args=[job.pk])))


def test_a_job_is_cancelled(browser, at):
    job = make_job(at)
    assert browser.post(reverse("job-cancel", args=[job.pk])).url == reverse("job", args=[job.pk])
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_running_job_is_told_to_stop_and_is_not_asked_twice(browser, at):
    job = make_job(at)
    claim(job.pk, worker="here")
    page = text_of(browser.post(reverse("job-cancel", args=[job.pk]), follow=True))
    assert "Stopping." in page
    assert reverse("job-cancel", args=[job.pk]) not in page


def test_cancelling_what_has_ended_is_answered_with_a_sentence(browser, at):
    job = make_job(at, state="done", finished_at=at)
    assert "has already ended" in text_of(browser.post(reverse("job-cancel", args=[job.pk]), follow=True))


def test_a_retry_queues_the_job_and_wakes_a_worker(browser, at, django_capture_on_commit_callbacks):
    job = make_job(at, state="failed", error="No space left.", finished_at=at)
    with django_capture_on_commit_callbacks() as woken:
        browser.post(reverse("job-retry", args=[job.pk]))
    job.refresh_from_db()
    assert (job.state, job.error, len(woken)) == ("queued", "", 1)


def test_retrying_what_runs_is_answered_with_a_sentence(browser, at):
    job = make_job(at)
    assert "cannot be tried again" in text_of(browser.post(reverse("job-retry", args=[job.pk]), follow=True))


@pytest.mark.parametrize("name", ["job-cancel", "job-retry"])
def test_changing_a_job_needs_the_permission(client, at, name):
    job = make_job(at, state="failed", finished_at=at)
    reader = User.objects.create_user("reader", password="a-long-test-password")
    client.force_login(reader)
    assert client.post(reverse(name, args=[job.pk])).status_code == 403
    assert reverse(name, args=[job.pk]) not in text_of(client.get(reverse("job", args=[job.pk])))
    reader.user_permissions.add(Permission.objects.get(codename="change_job"))
    client.force_login(User.objects.get(pk=reader.pk))
    assert client.post(reverse(name, args=[job.pk])).status_code == 302


@pytest.mark.parametrize("name", ["job-cancel", "job-retry"])
def test_changing_a_job_takes_a_post(browser, at, name):
    assert browser.get(reverse(name, args=[make_job(at).pk])).status_code == 405


def test_a_cancelled_job_no_longer_says_what_it_was_doing(browser, at):
    make_job(at, state="cancelled", message="Reading line 4", finished_at=at)
    assert "Reading line 4" not in text_of(browser.get(reverse("jobs")))


def give_up(job):
    Job.objects.filter(pk=job.pk).update(state="dead", attempt=5, message="Reading line 4", finished_at=job.created_at)


def test_what_was_given_up_has_a_list_of_its_own(browser, at):
    make_job(at, label="Failed", state="failed", error="No space left.", finished_at=at)
    parent = make_steps(at)
    give_up(parent.steps.get(position=1))
    give_up(parent)
    response = browser.get(reverse("jobs"), {"state": "dead"})
    page = text_of(response)
    assert [standing.job for standing, _ in response.context["lines"]] == [parent]
    assert all(told in page for told in ("Second", ">5<", "Reading line 4", reverse("job-retry", args=[parent.pk])))


def test_the_list_of_what_was_given_up_needs_no_more_queries_for_more_of_it(browser, at):
    url = reverse("jobs") + "?state=dead"
    give_up(make_job(at))
    before = n_queries(browser, url)
    for _ in range(6):
        give_up(make_job(at))
    assert n_queries(browser, url) == before
