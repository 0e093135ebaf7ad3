"""Every page of a teacher with a class in it: accessible, without sideways scrolling, and readable at 200 % text."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from registrations.models import ClassList, ClassListJob, Registration, Student, Teacher
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.builders.class_lists import build_list, build_teacher, pupils, registered, row
from techfest.tests.browser.pages import PHONE, faults_of, in_the_dark, signed_in, violations
from tickets.models import Delivery, DocumentJob

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

DESK: ViewportSize = {"width": 1280, "height": 900}
MOST_ON_A_PHONE = 80
"""Pixels of a student's row on a phone: two lines with the usual two events; a long name or more events takes more."""


@pytest.fixture
def job(beside_a_running_loop: None, plain_static: None, transactional_db: None) -> ClassListJob:
    """Forty students in one to three events: some wait, some are in trouble, some rows are left in the draft."""
    fest = build_fest(name="Riverside Tech Fest", grade_min=5, grade_max=12)
    robo = build_event(fest, name="Robo Race", capacity=30)
    quiz = build_event(fest, name="Science Quiz", capacity=100)
    art = build_event(fest, name="Digital Painting and Illustration", capacity=4)
    teacher = build_teacher()
    build_submission(robo, name="Known Before", school=teacher.school.name, grade=7)
    rows = [
        *pupils(20, robo, section="B", roll="12"),
        *[
            [*cells[:4], f"kid{n}@example.org", *cells[5:]]
            for n, cells in enumerate(pupils(14, robo, quiz, start=30))
        ],
        *pupils(6, art, grade=9, start=60),
        row("Venkatanarasimharajuvaripeta Balasubramaniam Krishnamoorthy", robo, quiz, art, section="A"),
        row("Known Before", robo),
        row("Clash Child", robo, grade=99),
    ]
    done = registered(build_list(fest, rows, teacher=teacher))
    Delivery.objects.filter(to="kid1@example.org").update(state="bounced")
    Delivery.objects.filter(to="kid2@example.org").update(state="delivered")
    build_list(
        fest,
        [
            [*pupils(1, robo, start=80)[0], "1021"],
            [*row("Odd Grade", robo, grade=99), "1022"],
            [*row("Typo Event", robo, email="kid@gmial.com")[:5], "Robo Rase", "1023"],
            [*row("Known Before", robo), "1024"],
            [*row("Left Out", robo), "1025"],
        ],
        teacher=teacher,
        title="8 C.xlsx",
        columns=[*ClassList.objects.get().columns, ["Adm. no.", "", ""]],
    ).rows.filter(number=6).update(is_left_out=True)
    return done


@pytest.fixture
def page(browser: Browser, live_server: Any, job: ClassListJob) -> Iterator[Page]:
    with signed_in(browser, Teacher.objects.get().user, live_server.url, viewport=PHONE) as context:
        yield context.new_page()


def paths(job: ClassListJob) -> dict[str, str]:
    draft = ClassList.objects.exclude(pk=job.class_list_id).get()
    student = Student.objects.get(name__startswith="Venkata")
    registration = Registration.objects.active().filter(student=student).first()
    assert registration
    DocumentJob.objects.update(finished_at=job.finished_at)  # a page of progress loads itself again
    document = DocumentJob.objects.first()
    own = f"/teacher/students/{student.reference}/"
    return {
        "students": "/teacher/",
        "students sorted": "/teacher/?sort=state&name=asha",
        "nobody": "/teacher/?name=zzzzzz",
        "student": own,
        "details": f"{own}details/",
        "events": f"{own}events/",
        "share": f"{own}share/",
        "cancel": f"{own}cancel/{registration.pk}/",
        "cancel all": f"{own}cancel/",
        "replace": f"{own}replace/{registration.pk}/",
        "add student": "/teacher/students/add/",
        "tickets": "/teacher/tickets/",
        "papers": "/teacher/papers/",
        "delegation": "/teacher/delegation/",
        "handover": "/teacher/handover/",
        **({"document": f"/teacher/documents/{document.code}/"} if document else {}),
        "lists": "/teacher/lists/",
        "preview": f"/teacher/lists/{draft.pk}/",
        "preview row": f"/teacher/lists/{draft.pk}/?row=2",
        "preview left out": f"/teacher/lists/{draft.pk}/?show=left-out",
        "confirm": f"/teacher/lists/{draft.pk}/confirm/",
        "discard": f"/teacher/lists/{draft.pk}/discard/",
        "result": f"/teacher/lists/jobs/{job.link_id}/",
        "result waiting": f"/teacher/lists/jobs/{job.link_id}/?show=waiting",
        "undo": f"/teacher/lists/jobs/{job.link_id}/undo/",
        "holds": "/teacher/blocks/",
    }


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"))


def picture(page: Page, name: str) -> None:
    """Keep a picture in each colour scheme, if someone wants to look at the pages."""
    if folder := os.environ.get("TECHFEST_PICTURES"):
        file = f"{folder}/{name.replace(' ', '-')}"
        page.screenshot(path=f"{file}-light.png", full_page=True)
        with in_the_dark(page):
            page.screenshot(path=f"{file}-dark.png", full_page=True)


def faults_at_each_size(page: Page, axe: Axe, name: str) -> list[str]:
    picture(page, f"{name} 360")
    found = [one for one in faults_of(page, axe) if one != "more than 600 nodes"]
    page.set_viewport_size(DESK)
    picture(page, f"{name} 1280")
    found += [f"{one} at 1280" for one in violations(page, axe)]
    if scrolls_sideways(page):
        found.append("scrolls sideways at 1280")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    if scrolls_sideways(page):
        found.append("scrolls sideways at 1280 with large text")
    page.set_viewport_size(PHONE)
    picture(page, f"{name} 360 large")
    if scrolls_sideways(page):
        found.append("scrolls sideways at 360 with large text")
    return found


def test_pages_of_a_teacher_have_no_fault(page: Page, job: ClassListJob) -> None:
    axe, found = Axe(), {}
    for name, path in paths(job).items():
        page.set_viewport_size(PHONE)
        answer = page.goto(path)
        assert answer
        assert answer.status == 200, (name, path)
        found[name] = faults_at_each_size(page, axe, name)
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_students_are_two_lines_on_a_phone_and_heads_and_names_stay_on_a_desk(
    page: Page, job: ClassListJob
) -> None:
    page.goto("/teacher/")
    heights = page.evaluate("[...document.querySelectorAll('.grid tbody tr')].map(row => row.offsetHeight)")
    usual = sorted(heights)[len(heights) // 2]
    assert usual <= MOST_ON_A_PHONE
    page.set_viewport_size({"width": 700, "height": 500})
    page.set_viewport_size({"width": 900, "height": 500})
    box = page.locator(".grid-box")
    box.evaluate("box => box.scrollTo(300, 900)")
    for part in ("thead th:first-child", "thead th:last-child"):
        assert abs(page.locator(part).bounding_box()["y"] - box.bounding_box()["y"]) < 2  # type: ignore[index]
    name = page.locator("tbody th").nth(25).bounding_box()
    assert name
    assert abs(name["x"] - box.bounding_box()["x"]) < 2  # type: ignore[index]


def test_teacher_undoes_a_list_with_the_keyboard(page: Page, job: ClassListJob) -> None:
    page.goto(f"/teacher/lists/jobs/{job.link_id}/")
    page.get_by_role("link", name="Undo this list").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Undo this list?")
    page.get_by_role("button", name="Undo the list").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("The list is undone")
    assert faults_of(page, Axe()) in ([], ["more than 600 nodes"])
