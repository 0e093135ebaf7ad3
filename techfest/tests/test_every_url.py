"""Every URL of the site, from the URLconf: allowed methods, secret links, and requests that must fail."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from events.models import Fest
from registrations import links
from registrations.models import Change, Registration, Student, Submission
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.tests.support.kept_rows import KeepRows
from tickets.models import Certificate, Delegation, Delivery, Ticket
from tickets.tests.providers import mailgun, stub, stub_process  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db

READ = {"GET", "HEAD"}
FORM = READ | {"POST"}
METHODS = ("GET", "HEAD", "POST", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE")
# The methods of each URL. A URL that is missing here fails the first test.
TAKES: dict[str, set[str]] = {
    "health-live": READ,
    "health-ready": READ,
    "events:catalogue": READ,
    "events:event": READ,
    "events:picture": READ,
    "registrations:register": FORM,
    "registrations:privacy": READ,
    "registrations:confirm": FORM,
    "registrations:details": FORM,
    "registrations:answers": FORM,
    "registrations:add": FORM,
    "registrations:cancel-all": FORM,
    "registrations:cancel": FORM,
    "tickets:confirmation": READ,
    "tickets:confirmation-cancel": FORM,
    "tickets:my": READ,
    "tickets:resend": {"POST"},
    "tickets:event-ics": READ,
    "tickets:link": FORM,
    "tickets:ticket": READ,
    "tickets:pdf": READ,
    "tickets:ics": READ,
    "tickets:delegation": READ,
    "tickets:certificate": READ,
    "results:overview": READ,
    "results:event": READ,
    "mailgun": {"POST"},
    "brevo": {"POST"},
}
# Where somebody may be signed in. What each of them shows to whom: test_access.py in registrations/tests/teachers,
# test_board_access.py in tickets/tests, and those of class lists and held seats.
SIGNED_IN: dict[str, set[str]] = {
    "account_change_password": FORM,
    "account_confirm_email": FORM,
    "account_email_verification_sent": READ,
    "account_inactive": READ,
    "account_invited": FORM,
    "account_login": FORM,
    "account_logout": FORM,
    "account_reauthenticate": FORM,
    "account_reset_password": FORM,
    "account_reset_password_done": READ,
    "account_reset_password_from_key": FORM,
    "account_reset_password_from_key_done": READ,
    "account_sessions": FORM,
    "account_set_password": FORM,
    "account_signup": FORM,
    "mfa_activate_totp": FORM,
    "mfa_authenticate": FORM,
    "mfa_deactivate_totp": FORM,
    "mfa_download_recovery_codes": READ,
    "mfa_generate_recovery_codes": FORM,
    "mfa_index": READ,
    "mfa_reauthenticate": FORM,
    "mfa_view_recovery_codes": READ,
    "teachers:waiting": READ,
    "teacher:home": READ,
    "teacher:add-student": FORM,
    "teacher:student": READ,
    "teacher:details": FORM,
    "teacher:answers": FORM,
    "teacher:add-events": FORM,
    "teacher:address": {"POST"},
    "teacher:share": READ,
    "teacher:cancel-all": FORM,
    "teacher:cancel": FORM,
    "teacher:replace-all": FORM,
    "teacher:replace": FORM,
    "teacher:tickets-make": FORM,
    "teacher:tickets-moved": READ,
    "teacher:documents-make": FORM,
    "teacher:documents-moved": READ,
    "teacher:document": READ,
    "teacher:document-file": READ,
    "teacher:document-mail": {"POST"},
    "teacher:delegation": READ,
    "teacher:delegation-renew": {"POST"},
    "teacher:handover": FORM,
    "holds:list": READ,
    "holds:request": FORM,
    "holds:back": FORM,
    "checkin:home": READ,
    "checkin:code": READ,
    "checkin:worker": READ,
}
AT_A_CHECKPOINT: dict[str, set[str]] = {
    "scanner": READ,
    "scan": {"POST"},
    "verdict": READ,
    "again": {"POST"},
    "undo": {"POST"},
    "seat": {"POST"},
    "search": FORM,
    "walk_in": FORM,
    "class": FORM,
    "live": READ,
    "offline": READ,
    "upload": {"POST"},
}
"""The pages of every place of the door: a gate, or an event."""
SIGNED_IN |= {
    f"checkin:{page}-{kind}": takes for page, takes in AT_A_CHECKPOINT.items() for kind in ("gate", "event")
}
TAKES |= SIGNED_IN
HOOKS = ("mailgun", "brevo")
OF_A_STUDENT = (
    "student",
    "details",
    "answers",
    "add-events",
    "address",
    "share",
    "cancel-all",
    "replace-all",
)
OF_A_FILE = ("document", "document-file", "document-mail", "tickets-moved", "documents-moved")
SECRET = {name for name in TAKES if name.split(":")[0] in ("registrations", "tickets")} - {
    "registrations:register",
    "registrations:privacy",
    "tickets:event-ics",
    "tickets:link",
}


def names(patterns: list[Any], space: str = "") -> Iterator[str]:
    """The full name of every URL pattern, except those behind a login, which have their own tests."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            if pattern.namespace not in ("admin", "class_lists"):
                yield from names(pattern.url_patterns, space + inner)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}"


@dataclass(frozen=True, repr=False)
class Kid:
    """A registered student, and the arguments of all URLs that concern the student."""

    submission: Submission

    def path(self, name: str) -> str:
        registration = self.submission.registrations.get()
        response = links.confirmation_path(self.submission).split("/")[2]
        mine = links.my_path(self.submission.student).split("/")[2]
        arguments: dict[str, list[Any]] = {
            "events:event": [registration.event.slug],
            "events:picture": ["a" * 64, "jpeg"],
            "results:event": [registration.event.slug],
            "registrations:details": [mine],
            "registrations:answers": [mine],
            "registrations:add": [mine],
            "registrations:confirm": [links.confirm_address_path(registration.student).split("/")[2]],
            "registrations:cancel-all": [mine],
            "registrations:cancel": [mine, registration.event.slug],
            "tickets:confirmation": [response],
            "tickets:confirmation-cancel": [response, registration.event.slug],
            "tickets:my": [mine],
            "tickets:resend": [mine],
            "tickets:event-ics": [registration.event.slug],
            "tickets:ticket": [registration.tickets.get().code],
            "tickets:pdf": [registration.tickets.get().code],
            "tickets:ics": [registration.tickets.get().code],
            "tickets:certificate": [self.certificate.code],
            "account_invited": ["A" * 22],
            "account_confirm_email": ["MQ:1a2b3c:signature"],
            "account_reset_password_from_key": ["1", "abc-def"],
            "tickets:delegation": [self.delegation.code],
        }
        reference = self.submission.student.reference
        arguments |= {f"teacher:{word}": [reference] for word in OF_A_STUDENT}
        arguments |= {f"teacher:{word}": [reference, registration.pk] for word in ("cancel", "replace")}
        arguments |= {f"teacher:{word}": ["x" * 22] for word in OF_A_FILE}
        arguments["holds:back"] = [1]
        arguments |= self._at_the_door(registration)
        return reverse(name, args=arguments.get(name, []))

    def _at_the_door(self, registration: Registration) -> dict[str, list[Any]]:
        own: dict[str, Any] = dict.fromkeys(("verdict", "again", "undo", "seat"), uuid.UUID(int=1))
        own["class"] = self.delegation.code
        named: dict[str, list[Any]] = {"checkin:code": [registration.tickets.get().code]}
        for page in AT_A_CHECKPOINT:
            more = [own[page]] if page in own else []
            named |= {
                f"checkin:{page}-gate": [1, *more],
                f"checkin:{page}-event": [registration.event.slug, *more],
            }
        return named

    @property
    def delegation(self) -> Delegation:
        student = self.submission.student
        found, _made = Delegation.objects.get_or_create(school=student.school, fest=student.fest)
        return found

    @property
    def certificate(self) -> Certificate:
        registration = self.submission.registrations.get()
        found, _made = Certificate.objects.get_or_create(
            registration=registration,
            student=registration.student,
            defaults={"kind": "participation", "issued_at": registration.created_at},
        )
        return found

    @property
    def secrets(self) -> list[str]:
        """Texts that only this student may see."""
        student = self.submission.student
        ticket = Ticket.objects.get(student=student)
        return [
            student.name,
            student.email,
            student.reference,
            f"{student.reference[:3]}-{student.reference[3:]}",
            ticket.code,
            links.confirmation_path(self.submission),
            links.my_path(student),
        ]


@pytest.fixture(scope="module")
def submissions(keep_rows: KeepRows) -> list[int]:
    def build() -> list[int]:
        event = build_event(build_fest())
        return [build_submission(event, name=name, section="Q").pk for name in ("Asha Raman", "Zarina Khan")]

    made: list[int] = keep_rows(build)
    return made


@pytest.fixture
def kids(submissions: list[int]) -> tuple[Kid, Kid]:
    first, second = (Kid(Submission.objects.select_related("student").get(pk=pk)) for pk in submissions)
    return first, second


def world() -> list[Any]:
    """All data that a request could change."""
    models = (Student, Submission, Registration, Change, Ticket, Delivery, User)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_every_address_is_in_the_table() -> None:
    assert sorted(names(get_resolver().url_patterns)) == sorted(TAKES)


@pytest.mark.usefixtures("mailgun")
@pytest.mark.parametrize("name", sorted(TAKES))
def test_method_that_an_address_does_not_take_has_no_effect(kids: tuple[Kid, Kid], name: str) -> None:
    """Webhooks answer OPTIONS with their methods, and 404 for providers that are not configured.

    Login pages first check the user and the form's token.
    """
    before = world()
    allowed = {405, 404, 200} if name in HOOKS else {302, 403, 405} if name in SIGNED_IN else {405}
    for method in METHODS:
        if method not in TAKES[name]:
            response = Client(enforce_csrf_checks=True).generic(method, kids[0].path(name))
            assert response.status_code in allowed, method
    assert world() == before


@pytest.mark.parametrize("name", sorted(name for name in TAKES if "GET" in TAKES[name]))
def test_reading_an_address_has_no_effect(client: Client, kids: tuple[Kid, Kid], name: str) -> None:
    """Mail scanners and link previews open every link."""
    before = world()
    for method in ("GET", "HEAD"):
        assert client.generic(method, kids[0].path(name)).status_code in {200, 302, 404, 503}
    assert world() == before


@pytest.mark.parametrize("name", sorted(TAKES))
def test_get_and_head_say_the_same(client: Client, kids: tuple[Kid, Kid], name: str) -> None:
    path = kids[0].path(name)
    got, head = client.get(path), client.head(path)
    assert head.status_code == got.status_code
    assert head.content == b""


@pytest.mark.parametrize("name", sorted(TAKES))
def test_no_page_may_be_framed_or_carries_a_cookie(client: Client, kids: tuple[Kid, Kid], name: str) -> None:
    response = client.get(kids[0].path(name), headers={"Cookie": "sessionid=x; csrftoken=y"})
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert (response["X-Frame-Options"], response["X-Content-Type-Options"]) == ("DENY", "nosniff")
    # Where somebody may be signed in: the cookie of the form, and the end of a session that there is not.
    expected = {"csrftoken", "sessionid"} if name in SIGNED_IN else set()
    assert set(response.cookies) <= expected
    assert {response.cookies[one].value for one in response.cookies if one == "sessionid"} <= {""}
    assert response.has_header("Access-Control-Allow-Origin") is False


OTHER_HOSTS = ("evil.example", "testserver.evil.example", "evil.example:80", "testserver@evil.example", "a b")


@pytest.mark.parametrize("name", sorted(TAKES))
def test_other_host_is_refused_everywhere(client: Client, kids: tuple[Kid, Kid], name: str) -> None:
    before = world()
    path = kids[0].path(name)
    for host in OTHER_HOSTS:
        for method in ("GET", "POST"):
            response = client.generic(method, path, headers={"Host": host})
            assert (response.status_code, "evil" in response.content.decode()) == (400, False), host
            assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert world() == before


@pytest.mark.parametrize("name", sorted(TAKES))
def test_forwarded_host_is_not_believed(client: Client, kids: tuple[Kid, Kid], name: str) -> None:
    headers = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Server": "evil.example",
        "Forwarded": "host=evil.example",
        "X-Original-URL": "/admin/",
        "X-Rewrite-URL": "/admin/",
    }
    path = kids[0].path(name)
    response = client.get(path, headers=headers)
    assert response.status_code == client.get(path).status_code
    if not response.streaming:
        assert "evil.example" not in response.content.decode()
    assert "evil.example" not in str(response.headers)


@pytest.mark.parametrize("reader", ["anonymous", "other student", "organiser"])
@pytest.mark.parametrize("name", sorted(TAKES))
def test_nobody_reads_another_student(client: Client, kids: tuple[Kid, Kid], name: str, reader: str) -> None:
    """Public pages and a student's pages contain nothing about other students."""
    mine, theirs = kids
    if reader == "organiser":
        client.force_login(User.objects.create_superuser("organiser"))
    path = mine.path(name)
    response = client.get(path)
    page = "" if response.streaming else response.content.decode(errors="replace")
    assert [secret for secret in theirs.secrets if secret in page] == []
    if name not in SECRET | {"checkin:code"}:
        assert [secret for secret in mine.secrets if secret in page] == []


@pytest.mark.parametrize("name", sorted(SECRET))
def test_secret_page_without_its_secret_is_not_found(
    client: Client, kids: tuple[Kid, Kid], name: str
) -> None:
    """Invalid secrets: cut off, one character changed, invented, or of another kind."""
    before = world()
    path = kids[0].path(name)
    secret = path.split("/")[2]
    other = "B" if secret[-2] != "B" else "C"
    wrong = [
        secret[:-1],
        secret[:-2] + other + secret[-1],
        secret.lower() if secret.lower() != secret else secret.upper(),
        "x" * 22,
        "1.1~" + "A" * 43,
        "1.1~ü",
        "%00",
        "%ff",
        "A" * 3000,
    ]
    for made_up in wrong:
        for method in TAKES[name]:
            response = client.generic(method, path.replace(secret, made_up))
            assert response.status_code == 404, made_up
    assert world() == before


@pytest.mark.parametrize("name", ["registrations:cancel", "tickets:confirmation-cancel"])
def test_secret_of_one_opens_no_registration_of_another(
    client: Client, kids: tuple[Kid, Kid], name: str
) -> None:
    """The URL names an event; another student's registration or a primary key is not found."""
    mine, theirs = kids
    theirs_only = build_submission(build_event(Fest.objects.get())).registrations.get()
    before = world()
    path = mine.path(name)
    assert client.get(path).status_code == 200
    own = mine.submission.registrations.get()
    registration_ids = [kid.submission.registrations.get().pk for kid in (mine, theirs)]
    for other in (theirs_only.event.slug, theirs_only.pk, *registration_ids):
        wrong = path.removesuffix(f"{own.event.slug}/") + f"{other}/"
        for method in TAKES[name]:
            assert client.generic(method, wrong).status_code == 404
    assert world() == before


@pytest.mark.parametrize("name", sorted(SECRET))
def test_secret_page_is_not_stored_indexed_or_told(client: Client, kids: tuple[Kid, Kid], name: str) -> None:
    method = "GET" if "GET" in TAKES[name] else "POST"
    response = client.generic(method, kids[0].path(name))
    assert response.status_code in {200, 302}
    assert (response["Cache-Control"], response["Referrer-Policy"], response["X-Robots-Tag"]) == (
        "no-store",
        "no-referrer",
        "noindex, nofollow",
    )
