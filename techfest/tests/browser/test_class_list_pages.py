"""A teacher corrects a class list with three mistakes in a real browser, with and without JavaScript."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from registrations.class_lists import jobs
from registrations.class_lists.parse import read_draft
from registrations.models import ClassList, Registration, Teacher
from registrations.tests.builders.class_list_uploads import browser as logged_in
from registrations.tests.builders.class_list_uploads import build_listed_fest, build_listing_teacher
from techfest.tests.browser.pages import PHONE, faults_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

NAMES = [
    "Arun",
    "Bhavna",
    "Charu",
    "Deepak",
    "Esha",
    "Farhan",
    "Gauri",
    "Harsh",
    "Indira",
    "Jaya",
    "Kabir",
    "Lakshmi",
    "Mohan",
    "Nandini",
    "Omkar",
    "Pooja",
    "Qasim",
]
ROWS = [
    "Name\tClass\tPhone\tE-mail\tEvent",
    *[f"{NAMES[n]} Student\t9 A\t98765\tkid{n}@example.org\tRobo Race" for n in range(17)],
    "Asha Rao\t99\t98765\t\tRobo Race",
    "Ben Iyer\t9\t98765\tben example.org\tScience Quiz",
    "Chitra Das\t9\t98765\tchitra@gmial.com\tRobo Rase",
]


@pytest.fixture
def teacher(beside_a_running_loop: None, plain_static: None, transactional_db: None) -> Teacher:
    build_listed_fest(name="Riverside Tech Fest")
    return build_listing_teacher()


def signed_in(browser: Browser, teacher: Teacher, url: str, **options: Any) -> BrowserContext:
    context = browser.new_context(viewport=PHONE, **options)
    key = logged_in(teacher).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": key, "url": url}])
    return context


def upload(page: Page, url: str, rows: list[str], *, encoding: str = "utf-8") -> None:
    page.goto(f"{url}/teacher/lists/")
    data = "\n".join(rows).encode(encoding)
    file: Any = {"name": "class 9.csv", "mimeType": "text/csv", "buffer": data}
    page.get_by_label("Class list").set_input_files(file)
    page.get_by_role("button", name="See my list").click()


@pytest.mark.parametrize("has_scripts", [False, True])
def test_teacher_corrects_three_mistakes_in_place(
    teacher: Teacher, live_server: Any, browser: Browser, has_scripts: bool
) -> None:
    with signed_in(browser, teacher, live_server.url, java_script_enabled=has_scripts) as context:
        page = context.new_page()
        upload(page, live_server.url, ROWS)
        expect(page.get_by_role("heading", level=1)).to_have_text("20 students: 17 get a seat, 3 need fixing")
        page.get_by_label("Row 19, Grade").fill("9")
        page.get_by_role("button", name="Use Robo Race").click()
        expect(page.get_by_text("2 rows corrected.")).to_be_visible()
        page.get_by_role("button", name="No e-mail: send the ticket to me").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("20 students: 20 get a seat")
        page.get_by_role("button", name="Use gmail.com").click()
    draft = read_draft(ClassList.objects.get())
    assert draft.listing.problems == ()
    assert [(one.grade, one.email, one.events) for one in draft.listing.students[-3:]] == [
        (9, "", ("robo-race",)),
        (9, "", ("science-quiz",)),
        (9, "chitra@gmail.com", ("robo-race",)),
    ]


@pytest.mark.parametrize("has_scripts", [False, True])
def test_class_goes_from_upload_to_its_seats(
    teacher: Teacher, live_server: Any, browser: Browser, has_scripts: bool
) -> None:
    """Without JavaScript the progress page is refreshed by its link."""
    with signed_in(browser, teacher, live_server.url, java_script_enabled=has_scripts) as context:
        page = context.new_page()
        upload(page, live_server.url, ROWS[:18])
        page.locator("main a[href$='/confirm/']").first.click()
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Register 17 students").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your list is being registered")
        assert jobs.run_due() == 1
        if not has_scripts:
            page.get_by_role("link", name="Refresh", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("The list is registered", timeout=15_000)
        page.get_by_role("link", name="My students").last.click()
        expect(page.get_by_text("17 seats")).to_be_visible()
    assert Registration.objects.filter(state="confirmed").count() == 17


FOREIGN = [
    "Name;Grade;Event",
    "Łukasz Żółć;9;Robo Race",
    "Šárka Dvořáková;9;Robo Race",
    "Győző Szűcs;9;Science Quiz",
]


def test_teacher_chooses_the_line_in_which_the_names_are_right(
    teacher: Teacher, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, teacher, live_server.url, java_script_enabled=False) as context:
        page = context.new_page()
        upload(page, live_server.url, FOREIGN, encoding="cp1250")
        page.get_by_role("button", name="Read the list like this").click()
        expect(page.get_by_text("Choose the line in which the names are right.")).to_be_visible()
        page.get_by_role("radio", name="Łukasz Żółć · Šárka Dvořáková · Győző Szűcs").first.check()
        page.get_by_role("button", name="Read the list like this").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("3 students: 3 get a seat")


def test_pages_after_confirm_have_no_fault(teacher: Teacher, live_server: Any, browser: Browser) -> None:
    axe, found = Axe(), {}
    with signed_in(browser, teacher, live_server.url) as context:
        page = context.new_page()
        upload(page, live_server.url, ROWS[:18])
        page.goto(f"{page.url.partition('?')[0]}confirm/")
        found["confirm"] = faults_of(page, axe)
        page.get_by_role("button", name="Register 17 students").click()
        found["not declared"] = faults_of(page, axe)
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Register 17 students").click()
        found["progress"] = faults_of(page, axe)
        jobs.run_due()
        page.goto(page.url)
        found["result"] = faults_of(page, axe)
        page.goto(f"{live_server.url}/teacher/lists/")
        found["lists"] = faults_of(page, axe)
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_pages_have_no_fault(teacher: Teacher, live_server: Any, browser: Browser) -> None:
    axe, found = Axe(), {}
    twice = [*ROWS, "Dev Das\t9\t98765\t\tRobo Rase", "Esha Das\t9\t98765\t\t"]
    with signed_in(browser, teacher, live_server.url) as context:
        page = context.new_page()
        upload(page, live_server.url, [])
        found["refused"] = faults_of(page, axe)
        upload(page, live_server.url, ["Naam,Klasse", "Asha,nine"])
        found["columns"] = faults_of(page, axe)
        upload(page, live_server.url, FOREIGN, encoding="cp1250")
        found["encoding"] = faults_of(page, axe)
        upload(page, live_server.url, twice)
        url = page.url
        for name in ("", "?row=2", "?row=20", "discard/"):
            page.goto(url + name)
            found[name or "preview"] = faults_of(page, axe)
        page.goto(url)
        page.get_by_role("button", name="Leave this student out").first.click()
        page.goto(f"{url}?show=left-out")
        found["left out"] = faults_of(page, axe)
        page.goto(f"{live_server.url}/teacher/lists/")
        found["lists"] = faults_of(page, axe)
    # A teacher's table of rows may be longer than what a cheap phone is asked to show elsewhere.
    found = {name: [one for one in faults if one != "more than 600 nodes"] for name, faults in found.items()}
    assert {name: faults for name, faults in found.items() if faults} == {}
