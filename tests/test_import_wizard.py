"""The wizard as a marketer uses it: a real browser, a real worker, files as shops write them."""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import Page, expect

from loyalty.models import Customer, ImportMapping, IngestRun, Order, OrderLine, Product
from tests.browsing import log_in, opened_page
from tests.conftest import Worker

pytestmark = [
    pytest.mark.browser,
    pytest.mark.worker,
    # The worker is another process: it sees only what is committed.
    pytest.mark.django_db(transaction=True),
]
GERMAN = """Bestellnummer;Kundennummer;Bestelldatum;Artikelnummer;Bezeichnung;Menge;Einzelpreis;Bemerkung
B-1001;Jürgen-7;31.12.2016 18:30;A-1;Grüner Tee;2;1.234,50;grün
B-1001;Jürgen-7;31.12.2016 18:30;A-2;Kräuterbutter;1;3,25;
B-1002;Müller-9;01.02.2017 09:05;A-3;Süßstoff;zwei;2,00;dringend
B-1003;Müller-9;02.02.2017 09:05;A-1;Grüner Tee;-1;1.234,50;Retoure
"""


@pytest.fixture
def page(chromium: str, complaints: list[str], live_server, marketer) -> Iterator[Page]:
    with opened_page(chromium, complaints, width=1280, home=live_server.url) as page:
        log_in(page, "/login/?next=/data/import/", "marketer")
        expect(page.get_by_role("heading", name="Import a file", level=1)).to_be_visible()
        yield page


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def upload(page: Page, kind: str, path: Path) -> None:
    page.goto("/data/import/")
    page.locator(f"input[name=kind][value={kind}]").check(force=True)
    page.get_by_label("Choose a file").set_input_files(path)
    page.get_by_role("button", name="Continue").click()
    heading(page, "Is it read as it should be?")


def go_on(page: Page, button: str) -> None:
    page.get_by_role("button", name=button).click()


def verdict(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", name=text)).to_be_visible()


@pytest.fixture
def german(tmp_path: Path) -> Path:
    path = tmp_path / "verkauf.csv"
    path.write_bytes(GERMAN.encode("cp1252"))
    return path


def choose_for_orders(page: Page) -> None:
    page.get_by_label("Bemerkung").select_option(label="Skip this column")
    page.get_by_label("Products the catalogue does not know").select_option("create")
    page.get_by_label("Customers nobody has heard of").select_option("create")


def test_a_german_file_from_upload_to_report_and_again(page, worker: Worker, complaints, german, tmp_path):
    upload(page, "orders", german)
    expect(page.get_by_role("cell", name="Kräuterbutter")).to_be_visible()
    page.get_by_label("Letters are written as").select_option(label="Cyrillic (Windows-1251)")
    expect(page.get_by_role("cell", name="Kräuterbutter")).to_have_count(0)
    page.get_by_label("Letters are written as").select_option(label="Western European (Windows-1252)")
    expect(page.get_by_role("cell", name="Kräuterbutter")).to_be_visible()

    go_on(page, "This looks right")
    heading(page, "Which column is what?")
    expect(page.get_by_label("Decimals")).to_have_value(",")
    expect(page.get_by_label("Dates")).to_have_value("dmy")
    choose_for_orders(page)
    page.get_by_label("Save these choices as").fill("Kasse")
    go_on(page, "See 20 rows")

    heading(page, "As it would be taken")
    expect(page.get_by_role("cell", name="2016-12-31 18:30").first).to_be_visible()
    expect(page.locator("td.is-wrong")).to_contain_text("This is not a number")
    go_on(page, "Check everything")
    verdict(page, "3 of 4 rows can be taken")
    assert not Order.objects.exists()

    go_on(page, "Import 3 rows")
    verdict(page, "3 rows taken in")
    assert set(Order.objects.values_list("external_id", flat=True)) == {"B-1001", "B-1003"}
    assert OrderLine.objects.get(quantity=2).amount == 2469
    assert Product.objects.get(sku="A-2").name == "Kräuterbutter"

    with page.expect_download() as saved:
        page.get_by_role("link", name="Download these rows").click()
    corrected = tmp_path / saved.value.suggested_filename
    corrected.write_text(saved.value.path().read_text(encoding="utf-8-sig").replace("zwei", "2"), encoding="utf-8-sig")
    upload(page, "orders", corrected)
    go_on(page, "This looks right")
    expect(page.get_by_text("The saved mapping “Kasse” fits this file and was used.")).to_be_visible()
    go_on(page, "See 20 rows")
    go_on(page, "Check everything")
    verdict(page, "The row can be taken")
    go_on(page, "Import 1 row")
    verdict(page, "1 row taken in")

    upload(page, "orders", german)
    go_on(page, "This looks right")
    go_on(page, "See 20 rows")
    go_on(page, "Check everything")
    verdict(page, "There is nothing new in it")
    go_on(page, "Import 3 rows")
    verdict(page, "Nothing new")
    run = IngestRun.objects.latest("pk")
    assert (run.n_created, run.n_updated, run.n_unchanged, run.n_rejected) == (0, 0, 3, 1)
    assert Order.objects.count() == 3
    assert ImportMapping.objects.count() == 1
    assert complaints == []


def test_a_workbook_with_two_sheets(page, worker: Worker, complaints, tmp_path):
    path = tmp_path / "people.xlsx"
    with xlsxwriter.Workbook(path, {"in_memory": True}) as book:
        book.add_worksheet("Notes").write_row(0, 0, ["Read me"])
        book.get_worksheet_by_name("Notes").write_row(1, 0, ["Customers are on the other sheet"])
        sheet = book.add_worksheet("Customers")
        sheet.write_row(0, 0, ["Customer No", "Name", "Joined on"])
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for line, (key, name, serial) in enumerate([("c1", "Ann", 42_736), ("c2", "Ben", 42_767)], 1):
            sheet.write_row(line, 0, [key, name])
            sheet.write_number(line, 2, serial, day)

    upload(page, "customers", path)
    page.get_by_label("Sheet").select_option("Customers")
    expect(page.get_by_role("cell", name="Ann")).to_be_visible()
    go_on(page, "This looks right")
    go_on(page, "See 20 rows")
    go_on(page, "Check everything")
    verdict(page, "All 2 rows can be taken")
    go_on(page, "Import 2 rows")
    verdict(page, "2 rows taken in")
    assert str(Customer.objects.get(external_id="c1").joined_on) == "2017-01-01"
    assert complaints == []


def test_all_or_nothing_with_one_bad_row(page, worker: Worker, complaints, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("customer_id,joined_on\nc1,2017-01-01\nc2,soon\n")
    upload(page, "customers", path)
    go_on(page, "This looks right")
    page.get_by_label("Rows that cannot be taken").select_option("refuse_all")
    go_on(page, "See 20 rows")
    go_on(page, "Check everything")
    verdict(page, "1 row cannot be taken, so nothing would be")
    expect(page.locator("#import-start")).to_have_count(0)

    page.get_by_role("link", name="Back to the columns").click()
    page.get_by_label("Rows that cannot be taken").select_option("skip")
    go_on(page, "See 20 rows")
    go_on(page, "Check everything")
    verdict(page, "1 of 2 rows can be taken")
    page.get_by_role("button", name="Throw away").click()
    verdict(page, "Thrown away")
    assert not Customer.objects.exists()
    assert complaints == []


def test_with_the_keyboard_only(page, worker: Worker, complaints, tmp_path):
    """Tab, space, arrows and Enter; only the operating system's own window to choose a file is spared."""
    path = tmp_path / "people.csv"
    path.write_text("customer_id,name\nc1,Ann\n")
    page.goto("/data/import/")
    press_until(page, "input[name=kind]")
    page.keyboard.press("Space")
    press_until(page, "input[type=file]")
    page.set_input_files("input[type=file]", path)
    press_until(page, "button[type=submit]")
    page.keyboard.press("Enter")
    for name in ("Is it read as it should be?", "Which column is what?", "As it would be taken"):
        heading(page, name)
        press_until(page, "button.btn-primary")
        page.keyboard.press("Enter")
    verdict(page, "The row can be taken")
    press_until(page, "#import-start")
    page.keyboard.press("Enter")
    verdict(page, "1 row taken in")
    assert complaints == []


def press_until(page: Page, selector: str) -> None:
    """Press Tab until the focus is on what `selector` names in the content of the page."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches('#content ' + s)", selector):
            return
    raise AssertionError(f"The keyboard does not get to {selector}.")


def test_on_a_phone_no_step_is_wider_than_the_screen(page, worker: Worker, complaints, german):
    page.set_viewport_size({"width": 390, "height": 844})
    upload(page, "orders", german)
    fits(page)
    go_on(page, "This looks right")
    heading(page, "Which column is what?")
    fits(page)
    choose_for_orders(page)
    go_on(page, "See 20 rows")
    heading(page, "As it would be taken")
    fits(page)
    go_on(page, "Check everything")
    verdict(page, "3 of 4 rows can be taken")
    fits(page)
    go_on(page, "Import 3 rows")
    verdict(page, "3 rows taken in")
    fits(page)
    for address in ("/data/import/", "/data/imports/", "/data/mappings/"):
        page.goto(address)
        fits(page)
    assert complaints == []


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url


def test_the_browsers_back_button_does_no_harm(page, worker: Worker, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("customer_id,name\nc1,Ann\n")
    upload(page, "customers", path)
    go_on(page, "This looks right")
    go_on(page, "See 20 rows")
    go_on(page, "Check everything")
    verdict(page, "The row can be taken")
    go_on(page, "Import 1 row")
    verdict(page, "1 row taken in")
    page.go_back()
    page.go_back()
    verdict(page, "1 row taken in")
    assert (IngestRun.objects.count(), Customer.objects.count()) == (1, 1)


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name", ["online_retail/online_retail.csv.gz", "complete_journey_dev/transactions.csv.gz"], ids=["gifts", "grocery"]
)
def test_every_row_of_a_real_shop_is_accounted_for(page, worker: Worker, complaints, real_data_dir, name):
    """Half a million lines, then a million, of two real shops: through every step, in the browser, twice."""
    packed = real_data_dir / name
    with gzip.open(packed, "rt", encoding="utf-8", newline="") as file:
        n_rows = sum(1 for _ in csv.reader(file)) - 1
    for counted in ("taken in", "Nothing new"):
        take_real_shop(page, packed, counted)
        run = IngestRun.objects.latest("pk")
        assert run.n_rows == n_rows
        assert run.n_created + run.n_updated + run.n_unchanged + run.n_rejected == n_rows
        assert run.rejected_rows.values("line").distinct().count() == run.n_rejected
    assert (run.n_created, run.n_updated) == (0, 0)
    assert complaints == []


def take_real_shop(page: Page, path: Path, counted: str) -> None:
    expect.set_options(timeout=600_000)
    upload(page, "orders", path)
    go_on(page, "This looks right")
    heading(page, "Which column is what?")
    for line in page.locator(".map-lines select").all():
        if not line.input_value():
            line.select_option(label="Skip this column")
    page.get_by_label("Products the catalogue does not know").select_option("create")
    page.get_by_label("Customers nobody has heard of").select_option("create")
    go_on(page, "See 20 rows")
    go_on(page, "Check everything")
    expect(page.locator("#import-start")).to_be_visible()
    page.locator("#import-start").click()
    expect(page.locator(".verdict-head h2", has_text=counted)).to_be_visible()
