"""The pages that ask about a similar name, in a browser: without faults, and answered by one click."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from registrations.models import Student
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.tests.browser.pages import PHONE, all_faults_of, faults_of, fill_form, heading, send, signed_in
from tickets.tests.builders.teachers import build_teacher

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def name(beside_a_running_loop: None, plain_static: None, transactional_db: None) -> str:
    """The name of the one student who is registered."""
    event = build_event(build_fest(name="Riverside Tech Fest"), name="Robo Race", slug="open")
    return build_submission(event, name="Hélène Müller").student.name


@pytest.mark.parametrize("has_scripts", [True, False])
def test_public_question_has_no_faults_and_is_answered_by_one_click(
    name: str, browser: Browser, live_server: Any, *, has_scripts: bool
) -> None:
    options: dict[str, Any] = {"viewport": PHONE, "java_script_enabled": has_scripts}
    with browser.new_context(base_url=live_server.url, **options) as context:
        page = context.new_page()
        page.goto("/register/?event=open")
        fill_form(page, name="HELENE MULLER", email="other@example.org")
        send(page)
        assert heading(page) == "Are you registered already?"
        assert name not in page.content()
        if has_scripts:
            assert all_faults_of(page, Axe()) == []
        page.get_by_role("button", name="I am another student").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are registered")
    assert Student.objects.count() == 2


def test_teacher_s_question_has_no_faults_and_is_answered_by_one_click(
    name: str, browser: Browser, live_server: Any
) -> None:
    with signed_in(browser, build_teacher().user, live_server.url, viewport=PHONE) as context:
        page = context.new_page()
        page.goto("/teacher/students/add/")
        page.get_by_label("Full name").fill("Helene M")
        page.get_by_role("group", name="Grade").get_by_label("7", exact=True).check()
        page.get_by_label("Robo Race").check()
        page.get_by_label("As their teacher I confirm").check()
        page.get_by_role("button", name="Register the student").click()
        expect(page.get_by_text(f"Did you mean {name}, grade 7")).to_be_visible()
        assert faults_of(page, Axe()) == []
        page.get_by_role("button", name="It is another student").click()
        expect(page.get_by_text("Done. The registrations are listed below.")).to_be_visible()


def test_list_with_a_question_is_confirmed_after_one_click_on_the_name(
    name: str, browser: Browser, live_server: Any
) -> None:
    with signed_in(browser, build_teacher().user, live_server.url, viewport=PHONE) as context:
        page = context.new_page()
        page.goto("/teacher/lists/")
        data = b"Name\tGrade\tEvent\nHELENE MULLER\t7\tRobo Race\nBen Khan\t7\tRobo Race"
        file: Any = {"name": "class 7.csv", "mimeType": "text/csv", "buffer": data}
        page.get_by_label("Class list").set_input_files(file)
        page.get_by_role("button", name="See my list").click()
        expect(page.get_by_text(f"Did you mean “{name}”, who is registered already?")).to_be_visible()
        assert faults_of(page, Axe()) == []
        preview = page.url
        page.goto(f"{preview}confirm/")
        expect(page.get_by_text("Row 2 may be a student who is registered already")).to_be_visible()
        assert faults_of(page, Axe()) == []
        page.get_by_role("link", name="Look at them first").click()
        page.get_by_role("button", name=f"Use {name}").click()
        expect(page.get_by_text("1 row corrected.")).to_be_visible()
        page.goto(f"{preview}confirm/")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.get_by_text("who is registered already").count() == 0
