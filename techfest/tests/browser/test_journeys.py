"""Complete journeys in a real browser: without scripts, by keyboard, with double clicks, before the opening."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from events.models import Event
from registrations import links
from registrations.models import Registration, Student, Submission
from registrations.tests.builders import build_event, build_fest, build_school, build_submission
from techfest.tests.browser.pages import PHONE, fill_form, heading, send
from tickets.models import Ticket

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

State = Registration.State


@pytest.fixture
def robo_race(beside_a_running_loop: None, plain_static: None, transactional_db: None) -> Event:
    """One seat, and a second event on another day."""
    fest = build_fest(name="Riverside Tech Fest")
    build_school()
    build_event(fest, name="Debug Relay", slug="debug-relay")
    return build_event(fest, name="Robo Race", slug="robo-race", capacity=1)


def state_of(submission: Submission) -> str:
    return Registration.objects.get(submission=submission).state


def shown_codes(page: Page, read_qr: Callable[[Path], list[str]], folder: Path) -> list[str]:
    """The ticket codes that zbarimg reads from the open page."""
    picture = folder / "page.png"
    page.screenshot(path=picture, full_page=True)
    return sorted(url.rsplit("/", 2)[-2] for url in read_qr(picture))


def codes_of(name: str) -> list[str]:
    return sorted(Ticket.objects.filter(student__name=name).values_list("code", flat=True))


def test_student_goes_the_whole_way_without_scripts(
    robo_race: Event,
    live_server: Any,
    browser: Browser,
    read_qr: Callable[[Path], list[str]],
    tmp_path: Path,
) -> None:
    with browser.new_context(viewport=PHONE, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(live_server.url)
        page.get_by_role("link", name="Robo Race").click()
        page.get_by_role("link", name="Register", exact=True).click()
        fill_form(page, email="ben@example.org")
        send(page)
        assert heading(page) == "You are registered"
        assert shown_codes(page, read_qr, tmp_path) == codes_of("Ben Rao")
        waiting = build_submission(robo_race)
        assert state_of(waiting) == State.WAITING

        page.locator("main").get_by_role("link", name="My registrations").click()
        page.get_by_role("link", name="Add another event").click()
        page.get_by_label("Debug Relay").check()
        page.get_by_role("button", name="Register for these events").click()
        assert shown_codes(page, read_qr, tmp_path) == codes_of("Ben Rao")
        page.get_by_role("link", name="Change my details").click()
        page.get_by_label("Full name").fill("Benjamin Rao")
        page.get_by_role("button", name="Save my details").click()
        assert page.get_by_text("Benjamin Rao").count() == 3

        page.get_by_role("link", name=re.compile("^Cancel.*Robo Race")).click()
        assert state_of(waiting) == State.WAITING
        page.get_by_role("button", name="Yes, cancel it").click()
        assert heading(page) == "Cancelled"
        assert state_of(waiting) == State.CONFIRMED
        page.goto(live_server.url + links.confirmation_path(waiting))
        assert heading(page) == "You are registered"
    states = Registration.objects.filter(student__name="Benjamin Rao").order_by("event__slug")
    assert [row.state for row in states] == [State.CONFIRMED, State.CANCELLED]


def test_leaving_the_waiting_list_is_asked_in_its_own_words(
    robo_race: Event, live_server: Any, browser: Browser
) -> None:
    build_submission(robo_race)
    waiting = build_submission(robo_race)
    with browser.new_context(viewport=PHONE, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(live_server.url + links.confirmation_path(waiting))
        page.get_by_role("link", name="Leave the waiting list").click()
        assert page.get_by_text("The seat goes to the next person").count() == 0
        page.get_by_role("button", name="Yes, leave the waiting list").click()
        assert heading(page) == "Cancelled"
    assert state_of(waiting) == State.CANCELLED


def tab_to(page: Page, words: str) -> None:
    """Press Tab until the wanted element has the focus; every stop must have a visible focus."""
    for _time in range(60):
        page.keyboard.press("Tab")
        said, width = page.evaluate(
            """() => {
                const here = document.activeElement;
                const said = (here.labels?.[0] ?? here).innerText + " " + (here.name ?? "");
                const rings = [getComputedStyle(here), getComputedStyle(here, "::after")];
                const seen = rings.filter((ring) => ring.outlineStyle !== "none");
                return [said, Math.max(0, ...seen.map((ring) => parseFloat(ring.outlineWidth)))];
            }"""
        )
        assert width >= 2, f"no focus ring on {said!r}"
        if words in said:
            return
    pytest.fail(f"Tab never reaches {words!r}")


def test_student_registers_by_keyboard_alone(robo_race: Event, live_server: Any, browser: Browser) -> None:
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        page.goto(live_server.url)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        tab_to(page, "Robo Race")
        page.keyboard.press("Enter")
        page.wait_for_url("**/events/robo-race/")
        tab_to(page, "Register")
        page.keyboard.press("Enter")
        page.wait_for_url("**/register/?event=robo-race")
        tab_to(page, "grade")
        page.keyboard.press("Space")
        page.keyboard.press("ArrowRight")
        tab_to(page, "Full name")
        page.keyboard.type("Ben Rao")
        tab_to(page, "School")
        page.keyboard.type("Riverside Public School")
        tab_to(page, "I agree.")
        page.keyboard.press("Space")
        tab_to(page, "Send my registration")
        page.keyboard.press("Enter")
        page.wait_for_url("**/a/**")
        assert heading(page) == "You are registered"
    assert Registration.objects.get().state == State.CONFIRMED


def test_impatient_fingers_make_one_registration(
    robo_race: Event, live_server: Any, browser: Browser
) -> None:
    """Double clicks, reloads and the back button after a registration change nothing."""
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/register/?event=robo-race")
        fill_form(page)
        page.get_by_role("button", name="Send my registration").dblclick()
        # The second click aborts the first request; both must lead to the same page.
        expect(page).to_have_url(re.compile("/a/"))
        expect(page.get_by_role("heading", level=1)).to_have_text("You are registered")
        for move in (page.reload, page.go_back, page.go_forward, page.reload):
            move()
        assert heading(page) == "You are registered"
        page.go_back()
        fill_form(page)
        send(page)
        assert page.get_by_text("Already registered").or_(page.get_by_text("is registered")).count() >= 1
    assert (Registration.objects.count(), Submission.objects.count(), Student.objects.count()) == (1, 1, 1)


def test_typed_text_is_kept_beside_its_errors(robo_race: Event, live_server: Any, browser: Browser) -> None:
    name = "عائشة O'Brien 🤖"
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/register/?event=robo-race")
        fill_form(page, name=name, email="ben@@example", roll_number="17 B")
        page.get_by_label("Debug Relay").evaluate("box => box.click()")
        page.get_by_label("put me on its waiting list").uncheck()
        send(page)
        page.get_by_role("link", name=re.compile("Enter an e-mail address")).click()
        assert page.evaluate("document.activeElement.name") == "email"
        typed = {
            label: page.get_by_label(label).input_value() for label in ("Full name", "Roll number", "E-mail")
        }
        assert typed == {"Full name": name, "Roll number": "17 B", "E-mail": "ben@@example"}
        for label in ("Robo Race", "Debug Relay", "I agree."):
            expect(page.get_by_label(label)).to_be_checked()
        expect(page.get_by_label("put me on its waiting list")).not_to_be_checked()
        page.get_by_label("E-mail").fill("ben@example.org")
        send(page)
        assert heading(page) == "You are registered for 2 events"


def test_form_sent_too_soon_counts_down_and_is_sent_again(
    robo_race: Event, live_server: Any, browser: Browser
) -> None:
    Event.objects.filter(pk=robo_race.pk).update(opens_at=timezone.now() + dt.timedelta(minutes=5))
    with browser.new_context(viewport=PHONE) as context:
        context.clock.install()
        page = context.new_page()
        page.goto(f"{live_server.url}/events/robo-race/")
        page.get_by_role("link", name="Fill in the form now").click()
        fill_form(page)
        send(page)
        assert heading(page) == "Registration is not open yet"
        timer = page.get_by_role("timer")
        expect(timer).to_have_text(re.compile(r"^Opens in 0[0-4] min \d\d s$"))
        assert Registration.objects.count() == 0
        Event.objects.filter(pk=robo_race.pk).update(opens_at=timezone.now())
        page.clock.fast_forward(5 * 60_000)
        expect(timer).to_have_text("Open now: send it again")
        page.get_by_role("button", name="Send again").click()
        assert heading(page) == "You are registered"
