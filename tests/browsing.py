"""A page in a real browser that writes down whatever it complains of."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright

from tests.conftest import CHROMIUM_ARGUMENTS

PASSWORD = "a-long-test-password"
# A worker learns in the meantime, on a machine that does other things, too.
PATIENCE = 30_000


def _listening_to(page: Page, complaints: list[str]) -> Page:
    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


@contextmanager
def opened_page(chromium: str, complaints: list[str], *, width: int, home: str | None = None) -> Iterator[Page]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        viewport = {"width": width, "height": 900}
        page = browser.new_page(base_url=home, viewport=viewport, color_scheme="light")  # type: ignore[arg-type]
        page.on("dialog", lambda dialog: dialog.accept())
        yield _listening_to(page, complaints)
        browser.close()
        # While the browser's loop runs, this thread has a connection of its own, which nobody else would close.
        connections.close_all()


def log_in(page: Page, address: str, name: str) -> None:
    page.goto(address)
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
