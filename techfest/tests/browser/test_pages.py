"""Every public page in a real browser: size, accessibility, 320 px, both colour schemes, no script, no cookie."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, expect

from events.models import Event
from registrations import links
from registrations.models import Registration, Result, Student
from registrations.results import publish
from registrations.results.publish import PER_PAGE
from registrations.tests.builders import build_event, build_fest, build_school, build_submission, build_user
from techfest.core.db.locking import Deadline
from techfest.tests.browser.pages import PHONE, all_faults_of, faults_of, weight_of
from tickets.documents.certificates import path_of
from tickets.models import Certificate, Ticket

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LONG_NAME = "عائشة بنت محمد القحطاني 🤖 Wolfeschlegelsteinhausenbergerdorff-Krishnamurthy"


@dataclass(frozen=True)
class Site:
    """A fest with fourteen events, one of them full, and a student for each kind of page."""

    url: str
    paths: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.url + self.paths[name]


@pytest.fixture
def site(beside_a_running_loop: None, plain_static: None, live_server: Any, transactional_db: None) -> Site:
    fest = build_fest(name="Riverside Tech Fest")
    build_school()
    events = [build_event(fest, name=f"Robo Race {number}", slug=f"race-{number}") for number in range(12)]
    full = build_event(fest, name="Quiz of Everything", slug="quiz", capacity=1)
    build_event(fest, name="Logo Clinic", slug="clinic", state=Event.State.CANCELLED)
    seated = build_submission(events[0], full, name=LONG_NAME)
    waiting = build_submission(full, email="")
    ticket = Ticket.objects.filter(student=seated.student).earliest("pk")
    registration = Registration.objects.filter(student=seated.student).earliest("pk")
    my = links.my_path(seated.student)
    certificate, revoked = _with_certificates(full, registration)
    paths = {
        "catalogue": reverse("events:catalogue"),
        "filtered": reverse("events:catalogue") + "?grade=7&free=on",
        "nothing matches": reverse("events:catalogue") + "?grade=13&day=x",
        "event": events[0].get_absolute_url(),
        "full event": full.get_absolute_url(),
        "form": reverse("registrations:register") + "?event=race-1",
        "response": links.confirmation_path(seated),
        "waiting": links.confirmation_path(waiting),
        "my": my,
        "details": reverse("registrations:details", args=[token_of(my)]),
        "add": reverse("registrations:add", args=[token_of(my)]),
        "cancel": reverse("registrations:cancel", args=[token_of(my), registration.pk]),
        "ticket": ticket.get_absolute_url(),
        "all results": reverse("results:overview"),
        "results": reverse("results:event", args=[full.slug]),
        "certificate": path_of(certificate),
        "revoked certificate": path_of(revoked),
        "link": reverse("tickets:link"),
        "privacy": reverse("registrations:privacy"),
        "missing": "/nothing-here/",
    }
    return Site(live_server.url, paths)


def _with_certificates(event: Event, registration: Registration) -> list[Certificate]:
    """A full page of results, and two certificates, one of them revoked."""
    user, now = build_user(), timezone.now()
    for number in range(PER_PAGE):
        text = f"{number:03}"
        student = Student(
            fest=event.fest, school=registration.student.school, grade=7, name=f"Kim {text}", roll_number=text
        )
        student.set_keys()
        student.save()
        row = Registration.objects.create(
            event=event, student=student, state="confirmed", queue_position=1000 + number, created_at=now
        )
        Result.objects.create(registration=row, rank=number + 1, points=99 - number)
    publish.publish(event, "short", user=user, deadline=Deadline())
    own = {"registration": registration, "student": registration.student, "issued_at": now}
    return [
        Certificate.objects.create(kind="rank", rank=1, **own),
        Certificate.objects.create(kind="participation", revoked_at=now, **own),
    ]


def token_of(my_path: str) -> str:
    return my_path.strip("/").rsplit("/", 1)[-1]


def test_pages_have_no_faults(site: Site, browser: Browser) -> None:
    axe, faults = Axe(), {}
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        for name in site.paths:
            page.goto(site[name])
            faults[name] = all_faults_of(page, axe)
        page.goto(site["form"])
        page.get_by_role("button", name="Send my registration").click()
        expect(page).to_have_title(re.compile("^Error: "))
        expect(page.locator("#error-summary")).to_be_focused()
        faults["form with errors"] = all_faults_of(page, axe)
    assert {name: found for name, found in faults.items() if found} == {}


def test_axe_sees_a_picture_without_words_and_black_words_in_the_dark(site: Site, browser: Browser) -> None:
    """Negative control of the test above."""
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        page.goto(site["privacy"])
        page.evaluate("document.querySelector('main').append(new Image())")
        page.evaluate(
            "Object.assign(document.querySelector('h1').style, {color: '#000', inlineSize: '500px'})"
        )
        found = ["image-alt", "color-contrast in the dark", "scrolls sideways at 320 px"]
        assert faults_of(page, Axe()) == found


def test_pages_are_well_formed(site: Site, client: Client) -> None:
    """No parse errors, no duplicate ids, no references to missing ids."""
    faults = {}
    for name, path in site.paths.items():
        text = client.get(path).content.decode()
        parser = html5lib.HTMLParser()
        parser.parse(text)
        ids = Counter(re.findall(r'\sid="([^"]+)"', text))
        wanted = re.findall(
            r'\s(?:for|aria-describedby|aria-labelledby|list)="([^"]+)"|href="#([^"]+)"', text
        )
        missing = {one for pair in wanted for one in "".join(pair).split()} - set(ids)
        faults[name] = [error[1] for error in parser.errors], [key for key in ids if ids[key] > 1], missing
    assert faults == dict.fromkeys(faults, ([], [], set()))


def test_pages_within_budget(site: Site, browser: Browser) -> None:
    weights = {}
    for name in ("catalogue", "event", "form", "link", "privacy", "all results", "results"):
        with browser.new_context(viewport=PHONE) as context:
            weights[name] = weight_of(context.new_page(), site[name], site.url)
    assert weights == dict.fromkeys(weights, (True, True, True, [], 0))
