"""One's own account: password, key for other systems, what the installation is made of."""

import re

import pytest
from django.conf import settings as configured
from django.contrib.staticfiles import finders
from django.urls import reverse

from loyalty.queries import parts

pytestmark = pytest.mark.django_db
OLD, NEW = "a-long-test-password", "another-quite-long-one"


@pytest.fixture
def browser(client, marketer):
    client.force_login(marketer)
    return client


def text_of(response):
    return response.content.decode()


def test_nobody_gets_here_without_logging_in(client):
    for name in ("settings", "password-change"):
        assert client.get(reverse(name)).url.startswith(reverse("login"))


def test_the_page_tells_who_where_and_what(browser, marketer):
    page = text_of(browser.get(reverse("settings")))
    for told in (marketer.email, "America/New_York", configured.DEFAULT_CURRENCY, parts.own_version()):
        assert told in page
    assert reverse("admin:index") in page
    assert reverse("api-docs") in page


def test_only_staff_is_shown_the_administration(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("reader", password=OLD))
    assert reverse("admin:index") not in text_of(client.get(reverse("settings")))


def test_the_password_is_changed_and_one_stays_logged_in(browser, marketer):
    given = {"old_password": OLD, "new_password1": NEW, "new_password2": NEW}
    response = browser.post(reverse("password-change"), given, follow=True)
    marketer.refresh_from_db()
    assert marketer.check_password(NEW)
    assert "Your password is changed." in text_of(response)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}, "The old password is not right."),
        ({"old_password": OLD, "new_password1": NEW, "new_password2": NEW + "x"}, "The two new passwords differ."),
        ({"old_password": OLD, "new_password1": "short", "new_password2": "short"}, "at least 12 characters"),
    ],
)
def test_a_password_that_will_not_do_is_refused(browser, marketer, given, sentence):
    page = text_of(browser.post(reverse("password-change"), given))
    marketer.refresh_from_db()
    assert sentence in page
    assert marketer.check_password(OLD)


def test_every_vendored_part_is_listed_with_its_version_and_licence():
    folders = {path.name for path in (configured.BASE_DIR / "static" / "vendor").iterdir() if path.is_dir()}
    listed = parts.vendored_parts()
    assert {part.licence_file.split("/")[1] for part in listed} == folders
    assert all(finders.find(part.licence_file) for part in listed)
    assert all(re.match(r"\d+\.\d+", part.version) and part.licence for part in listed)


def test_every_package_tells_its_licence():
    assert all(part.licence != "see the package" for part in parts.package_parts())
