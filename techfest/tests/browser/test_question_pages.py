"""Questions in the form and on My registrations: accessibility, widths, colours, with and without a script."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from events.models import Event
from registrations import links
from registrations.models import Answer, Question
from registrations.tests.builders import build_event, build_fest, build_school, build_submission
from registrations.tests.builders.questions import build_answer, build_question
from techfest.tests.browser.pages import PHONE, all_faults_of, fill_form, heading, send

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def event(beside_a_running_loop: None, plain_static: None, transactional_db: None) -> Event:
    """One question of each kind, of the fest and of one of two events."""
    fest = build_fest(name="Riverside Tech Fest")
    build_school()
    event = build_event(fest, name="Robo Race", slug="race")
    build_event(fest, name="Quiz", slug="quiz")
    for position, kind in enumerate(Question.Kind.values):
        options = ["Krita", "Inkscape", "Another one, I bring it"] if kind in ("one", "several") else []
        build_question(fest, f"Asked of all ({kind})?", kind=kind, options=options, position=position)
    build_question(event, "Which colour has it?", kind="one", options=["Red", "Green"], is_required=True)
    return event


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def page(request: Any, browser: Browser, live_server: Any) -> Iterator[Page]:
    options: dict[str, Any] = {"java_script_enabled": request.param}
    with browser.new_context(viewport=PHONE, base_url=live_server.url, **options) as context:
        yield context.new_page()


def test_question_of_an_event_is_asked_with_the_event(event: Event, page: Page, request: Any) -> None:
    """With a script it shows once the event is chosen; without one it stands below the event."""
    has_script = "no script" not in request.node.name
    page.goto("/register/?event=quiz")
    page.locator("details.more summary").first.click()
    asked = page.get_by_role("group", name="Questions of Robo Race")
    if has_script:
        expect(asked).to_be_hidden()
    else:
        expect(asked).to_be_visible()
    page.get_by_role("checkbox", name="Robo Race").check()
    expect(asked).to_be_visible()
    fill_form(page, email="ben@example.org")
    send(page)
    expect(page.get_by_role("link", name="Answer this question: Which colour has it?")).to_be_visible()
    page.get_by_role("radio", name="Green").check()
    page.get_by_label("Asked of all (short)?").fill("Nothing")
    send(page)
    assert heading(page).startswith("You are registered")
    expect(page.get_by_role("heading", name="Your answers")).to_be_visible()
    assert set(Answer.objects.values_list("value", flat=True)) == {"Green", "Nothing"}


@pytest.mark.parametrize("where", ["form", "errors", "answers", "mine"])
def test_pages_with_questions_have_no_faults(
    event: Event, browser: Browser, live_server: Any, where: str
) -> None:
    student = build_submission(event).student
    build_answer(Question.objects.get(kind="long"), student, "Peanuts\n<b>and</b> milk " + "x" * 80)
    mine = links.my_path(student)
    paths = {"answers": f"{mine}answers/", "mine": mine}
    with browser.new_context(viewport=PHONE, base_url=live_server.url) as context:
        page = context.new_page()
        page.goto(paths.get(where, "/register/?event=race"))
        if where == "errors":
            send(page)
        if folder := os.environ.get("PICTURES"):
            page.screenshot(path=f"{folder}/{where}.png", full_page=True)
        assert all_faults_of(page, Axe()) == []
