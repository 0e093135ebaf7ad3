"""A walk through the site as every kind of user: no key in a URL, a page or a log gives access to anything.

Secret links appear only on pages of their owners: under their own prefix, and in no log and no query string.
"""

import datetime as dt
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events import cache
from registrations import links
from registrations.class_lists import jobs
from registrations.models import (
    ClassListJob,
    ClassListRow,
    Hold,
    Invitation,
    Registration,
    Student,
    Submission,
)
from registrations.students.consents import teachers_text
from registrations.tests.builders import build_event, build_fest, build_submission, build_teacher
from registrations.tests.builders.class_lists import build_list, pupils
from registrations.tests.form_posts import FORM, typed
from techfest.logs import OneLineFormatter, without_secrets
from techfest.tests.site import ADDRESSES, World, body, matters
from tickets.checkin import checkpoints
from tickets.keys import random_key
from tickets.models import Certificate, Delegation, Delivery, Scan, Ticket
from tickets.tests.builders.checkin import (
    checkpoint_of,
    gate_of,
    open_event,
    phone_of,
    ticket_for,
    volunteer,
    waiting_for,
)

pytestmark = pytest.mark.django_db

LIKE_A_KEY = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[A-Za-z0-9_~.-]{20,}")
IN_A_PAGE = re.compile(r"""(?:href|action|src)=["']([^"']*)""")
OF_A_SESSION = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')
"""CSRF tokens: new on each page, and useless without the cookie."""
ENTRY = re.compile(r"^(?!\t).*\n(?:\t.*\n)*", re.MULTILINE)
"""An entry of PostgreSQL's log: its first line, and the lines of a statement that follow it."""
OPENED_BY_A_SECRET = {
    "/a/%s/",
    "/my/%s/",
    "/my/%s/add/",
    "/my/%s/details/",
    "/my/%s/cancel/",
    "/t/%s/",
    "/t/%s/ticket.pdf",
    "/delegation/%s/",
    "/c/%s/",
    "/accounts/invited/%s/",
    "/accounts/confirm-email/%s/",
    "/teacher/lists/jobs/%s/",
    "/teacher/documents/%s/",
    "/teacher/documents/%s/file/",
}


class Trace:
    """The traces of a walk: URLs, pages, and the logs of Django and PostgreSQL."""

    def __init__(self) -> None:
        self.addresses: set[str] = set()
        self.pages: list[str] = []
        self.logs = ""

    def note(self, path: str, response: Any) -> None:
        self.addresses |= {path, response.get("Location", "")}
        page = body(response).decode(errors="replace")
        if "html" in response.get("Content-Type", ""):
            self.pages.append(OF_A_SESSION.sub("", page))
            self.addresses |= set(IN_A_PAGE.findall(page))

    @property
    def in_query_strings(self) -> str:
        """URLs as logs write them, including the requested page in `next`."""
        return "\n".join(without_secrets(urlsplit(address).query) for address in self.addresses)

    @property
    def candidates(self) -> set[str]:
        found = LIKE_A_KEY.findall("\n".join([*self.addresses, *self.pages, self.logs]))
        return {word for word in found if any(character.isdigit() for character in word)}


class Walker:
    """A client that records its URLs and submits every form twice."""

    def __init__(self, browser: Client, trace: Trace) -> None:
        self.browser, self.trace = browser, trace

    def get(self, path: str) -> Any:
        response = self.browser.get(path)
        self.trace.note(path, response)
        return response

    def twice(self, path: str, fields: dict[str, Any]) -> Any:
        for _ in range(2):
            response = self.browser.post(path, fields)
            self.trace.note(path, response)
            if response.status_code in (302, 303):
                self.get(response["Location"])
        return response


@contextmanager
def log_of_the_database() -> Iterator[list[str]]:
    """The lines that PostgreSQL logs meanwhile about this test's database; parallel tests use others."""
    file = Path(os.environ["TECHFEST_DATA"]) / "log" / "postgres.log"
    written: list[str] = []
    start = file.stat().st_size
    yield written
    with file.open("rb") as lines:
        lines.seek(start)
        logged = lines.read().decode(errors="replace")
    written += [entry for entry in ENTRY.findall(logged) if f"] {connection.settings_dict['NAME']} " in entry]


def submit_everything(trace: Trace) -> None:
    """Submit each form that has a key twice: as the public, with a secret link, as a teacher, at check-in."""
    event = build_event(current(), capacity=50)
    cache.forget()
    public = Walker(Client(), trace)
    values = typed(event, name="Asha Raman", email="asha@example.org")
    public.twice(FORM, values)
    public.twice(FORM, values | {"name": "Zoya Khan"})
    public.twice(FORM, typed(event, name="Asha Raman", email="x@example.org"))
    student = Student.objects.get(name="Asha Raman")
    add = f"{links.my_path(student)}add/"
    fields = {"key": Submission.new_key().hex, "events": build_event(current()).slug}
    cache.forget()
    public.twice(add, fields)
    public.twice(add, fields | {"events": event.slug})
    submit_as_teacher(trace, event)
    submit_at_the_door(trace)


def current() -> Any:
    fest = cache.cached_fest().fest
    assert fest is not None
    return fest


def submit_as_teacher(trace: Trace, event: Any) -> None:
    teacher = build_teacher()
    browser = Client()
    browser.force_login(teacher.user)
    walker = Walker(browser, trace)
    newcomer = {
        "name": "Noor Das",
        "grade": "7",
        "section": "",
        "roll_number": "",
        "email": "",
        "consent": "on",
    }
    key = {"key": Submission.new_key().hex}
    walker.twice("/teacher/students/add/", newcomer | key | {"events": event.slug, "want_waiting": "on"})
    added = Student.objects.get(name="Noor Das")
    path = f"/teacher/students/{added.reference}/"
    key = {"key": Submission.new_key().hex}
    walker.twice(f"{path}replace/", newcomer | key | {"known": "", "name": "Omar Das"})
    day = (timezone.localtime() + dt.timedelta(days=3)).date().isoformat()
    key = {"key": Submission.new_key().hex}
    for where in (event, build_event(current())):
        cache.forget()
        walker.twice("/teacher/blocks/ask/", key | {"event": where.slug, "seats": "2", "until": day})
    class_list = build_list(current(), pupils(2, event), teacher=teacher)
    text = teachers_text(current()).pk
    confirm = {"how": "good", "when_full": "wait", "consent": "on", "key": str(uuid.uuid4()), "text": text}
    for one in (class_list, build_list(current(), pupils(2, event, start=10), teacher=teacher)):
        walker.twice(reverse("class_lists:confirm", args=[one.pk]), confirm)
    jobs.run_due()
    walker.get(reverse("class_lists:job", args=[ClassListJob.objects.get(class_list=class_list).link_id]))


def submit_at_the_door(trace: Trace) -> None:
    event = open_event(current(), capacity=1)
    gate = gate_of(current(), event, name="Side gate")
    checkpoint, ticket = checkpoint_of(gate), ticket_for(event)
    walker = Walker(phone_of(volunteer(gate)), trace)
    scan = {"code": ticket.code, "key": str(random_key())}
    walker.twice(checkpoint.url("scan"), scan)
    walker.twice(checkpoint.url("scan"), scan | {"key": str(random_key())})
    waiting = waiting_for(event, name="Uma Iyer")
    walker.twice(checkpoint.url("scan"), {"code": waiting.student.reference, "key": str(random_key())})
    checkpoints.forget()
    newcomer = {"name": "Vir Sen", "school": "Riverside", "grade": "7", "event": str(event.pk)}
    walker.twice(checkpoint.url("walk_in"), newcomer | {"consent": "on", "key": str(random_key())})


def walk(trace: Trace, world: World) -> None:
    """Request every URL of the site as every kind of user."""
    for address in ADDRESSES:
        path = world.path(address)
        for who, browser in world.browsers.items():
            if matters(who, address):
                Walker(browser, trace).get(path)


def secrets_of_links() -> set[str]:
    """Secret links that were given to their owners."""
    tokens = {links.my_path(student).split("/")[2] for student in Student.objects.all()}
    submissions = Submission.objects.select_related("student")
    tokens |= {links.confirmation_path(submission).split("/")[2] for submission in submissions}
    for model in (Ticket, Certificate, Delegation, Invitation):
        tokens |= set(model._default_manager.values_list("code", flat=True))
    return tokens


def keys_of_rows() -> set[uuid.UUID]:
    """The idempotency keys."""
    models = (Submission, ClassListRow, ClassListJob, Hold, Delivery, Scan)
    return {key for model in models for key in model._default_manager.values_list("key", flat=True) if key}


@pytest.fixture
def trace(caplog: pytest.LogCaptureFixture) -> Trace:
    found = Trace()
    with caplog.at_level("DEBUG"), log_of_the_database() as log:
        world = World()
        submit_everything(found)
        walk(found, world)
    as_written = OneLineFormatter("%(message)s")
    found.logs = "\n".join([*map(as_written.format, caplog.records), *log])
    return found


@pytest.mark.slow
def test_walk_leaves_nothing_behind_that_opens_anything_and_no_error_about_a_key(trace: Trace) -> None:
    assert Submission.objects.count() >= 8
    keys = {word for key in keys_of_rows() for word in (str(key), key.hex)}
    addresses = "\n".join(trace.addresses)
    assert [key for key in keys if key in addresses] == []
    assert lines_with(keys, trace.logs) == []
    secrets = secrets_of_links()
    assert lines_with(secrets, trace.in_query_strings) == []
    assert lines_with(secrets, trace.logs) == []
    assert opened_by(trace.candidates | keys, secrets) == []
    # Double clicks cause no line in the database's log, in any form that has a key.
    assert lines_with({"_key_key", "(key)=", "_scan_key_"}, trace.logs) == []


def lines_with(words: set[str], text: str) -> list[str]:
    return [line for line in text.splitlines() if any(word in line for word in words)]


def opened_by(candidates: set[str], given: set[str]) -> list[str]:
    """The secrets among these with which an anonymous user gets access to anything."""
    event = build_event(current(), capacity=0, waiting_limit=0)
    cache.forget()
    names = [
        *Student.objects.values_list("name", flat=True),
        *Student.objects.values_list("reference", flat=True),
    ]
    reader, opened = Client(), []
    before = Registration.objects.count()
    for word in sorted(candidates - given):
        responses = {FORM: reader.post(FORM, typed(event, key=word, name="Probe"))}
        if not is_made_of_secrets(word, given):
            paths = [pattern % word for pattern in OPENED_BY_A_SECRET]
            responses |= {path: reader.get(path) for path in paths}
        for path, response in responses.items():
            if shows(response, path, names):
                opened.append(f"{word} at {path}")
    assert Registration.objects.count() == before
    return opened


def is_made_of_secrets(word: str, given: set[str]) -> bool:
    """A link with one character too many, such as the full stop of its sentence."""
    return any(secret in word for secret in given)


def shows(response: Any, path: str, names: list[str]) -> bool:
    """Whether the response names a student, leads to one, or is a page that needs a secret."""
    text = body(response).decode(errors="replace")
    if path != FORM and response.status_code == 200 and "/accounts/" not in path:
        return True
    leads_on = any(f"/{prefix}/" in text + response.get("Location", "") for prefix in ("a", "my", "t"))
    return leads_on or any(name in text for name in names)


def test_negative_control_secret_of_a_link_is_told_by_the_same_eyes() -> None:
    """Negative control: the check above finds a link that gives access."""
    World()
    submission = build_submission(build_event(current()), name="Asha Raman")
    token = links.confirmation_path(submission).split("/")[2]
    assert opened_by({token}, set()) == [f"{token} at /a/{token}/"]
    assert opened_by({token}, {token}) == []


def test_negative_control_log_of_the_database_is_read() -> None:
    """Negative control: an insert that raises an error is logged with the key."""
    submission = build_submission(build_event(build_fest()))
    duplicate = Submission(key=submission.key, origin="form", digest=bytes(32), student=submission.student)
    with log_of_the_database() as log, pytest.raises(IntegrityError), transaction.atomic():
        duplicate.save(force_insert=True)
    assert str(submission.key) in "".join(log)
