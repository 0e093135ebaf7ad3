"""Every URL of the site with every kind of user, taken from the URLconf: who has access, and whose names they see.

One table decides by the longest matching prefix of the URL name; a URL without a matching line fails.
The rows in the URLs belong to the first lead, the first teacher and the volunteer.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from events.models import Event
from registrations import links
from registrations.models import ClassList, ClassListJob, Hold, Submission
from registrations.tests.builders import build_school, build_teacher, build_user
from registrations.tests.second_step import pass_second_step
from techfest.core import roles
from techfest.tests.support.steps import counted
from tickets.models import Booklet, Certificate, Delegation, Gate, Printout, Scan, Ticket
from tickets.tests.admin_helpers import build_row_of_everything, in_role

pytestmark = pytest.mark.django_db

READERS = (
    "anonymous",
    "nobody",
    "teacher",
    "other teacher",
    "volunteer",
    "lead",
    "other lead",
    "results",
    "owner",
    "former teacher",
    "former lead",
    "former volunteer",
)
"""A student is anonymous, with a secret link; "nobody" is logged in without a role. Former users lost their role, while
their school, events and gates still refer to them."""
ALL = frozenset(READERS)
SIGNED_IN = ALL - {"anonymous"}
ADMIN_USERS = frozenset({"lead", "other lead", "results", "owner"})
FORMER = frozenset({"former teacher", "former lead", "former volunteer"})
WITH_PASSWORD = frozenset({"nobody", "teacher", "other teacher"}) | FORMER
"""The users in this test who may need a second factor."""
LEADS = frozenset({"lead", "other lead", "owner"})
LEAD = frozenset({"lead", "owner"})
JUDGES = frozenset({"lead", "results", "owner"})
OWNER = frozenset({"owner"})
TEACHERS = frozenset({"teacher", "other teacher"})
TEACHER = frozenset({"teacher"})
DOOR = frozenset({"volunteer", "lead", "other lead", "owner"})

JUDGED = ("events_event", "registrations_resultsheet", "registrations_result")
SEEN_BY_LEADS = (
    *("events_seats", "events_capacitychange"),
    *(
        f"registrations_{name}"
        for name in ("registration", "change", "conflict", "hold", "student", "school")
    ),
    *(f"tickets_{name}" for name in ("ticket", "checkin", "scan", "gate", "printout", "certificate")),
)

OFF, PASSED, ALONE = "not required", "passed", "password alone"
"""Whether a second factor is required, and whether all users have passed it."""
GUARDED = ("admin:", "checkin:")
SENT_AWAY = frozenset({"/accounts/login/", "/admin/login/", "/teacher/waiting/"})
SECOND_STEP = frozenset({"/accounts/2fa/"})
ONE = frozenset({"owner", "teacher", "volunteer", "former teacher"})
"""Every URL is open to at least one of these, or to no user."""
NOTED = frozenset({"registrations_accountsession"})

# Who has access. All others get a redirect to the login, 403 or 404.
TABLE: dict[str, frozenset[str]] = {
    # Everyone, and everyone with a secret link.
    "health-": ALL,
    "events:": ALL,
    "registrations:": ALL,
    "tickets:": ALL,
    "results:": ALL,
    "documents:": ALL,
    # Accounts: the login, and the pages of one's own account.
    "account_": ALL,
    **dict.fromkeys(("account_change_password", "account_set_password", "account_logout", "mfa_"), SIGNED_IN),
    "account_sessions": SIGNED_IN,
    **dict.fromkeys(("account_reauthenticate", "mfa_reauthenticate"), WITH_PASSWORD),
    # Pages of teachers.
    "teachers:": TEACHERS | {"former teacher"},
    "class_lists:": TEACHER,
    "class_lists:lists": TEACHERS,
    "class_lists:template": TEACHERS,
    "holds:": TEACHERS,
    "holds:back": TEACHER,
    "teacher:": TEACHER,
    "teacher:home": TEACHERS,
    "teacher:add-student": TEACHERS,
    "teacher:booklet-make": TEACHERS,
    "teacher:documents-make": TEACHERS,
    "teacher:delegation": TEACHERS,
    "teacher:delegation-renew": TEACHERS,
    "teacher:handover": TEACHERS,
    # Check-in: gates are open to their volunteers, events to their leads too.
    "checkin:": frozenset({"volunteer", "owner"}),
    "checkin:home": DOOR,
    "checkin:code": DOOR,
    "checkin:worker": DOOR,
    # The admin.
    "admin:": OWNER,
    "admin:index": ADMIN_USERS,
    "admin:login": ADMIN_USERS,
    "admin:password_change": ADMIN_USERS,
    "admin:jsi18n": ADMIN_USERS,
    "admin:app_list": ADMIN_USERS,
    "admin:choose_fest": ADMIN_USERS,
    "admin:autocomplete": LEADS,
    "admin:view_on_site": JUDGES,
    "admin:results_": JUDGES,
    "admin:documents_event": LEAD,
    "admin:documents_printout": LEAD,
    "admin:documents_file": LEAD,
    "admin:timetable": LEADS,
    # Rows of their own events that leads see, in lists limited to them.
    **{f"admin:{name}_": LEAD for name in SEEN_BY_LEADS},
    **{f"admin:{name}_{page}": LEADS for name in SEEN_BY_LEADS for page in ("changelist", "download")},
    **{f"admin:{name}_": LEADS for name in ("events_venue", "events_category")},
    # Broadcasts are visible only to their authors.
    "admin:tickets_message_": OWNER,
    "admin:tickets_message_add": LEADS,
    "admin:tickets_message_changelist": LEADS,
    # The models that the results role works with.
    **{f"admin:{name}_": JUDGES for name in JUDGED},
    **{f"admin:{name}_{page}": ADMIN_USERS for name in JUDGED for page in ("changelist", "download")},
    # Pages about a person, for owners only.
    "admin:registrations_student_data": OWNER,
    "admin:registrations_student_erase": OWNER,
}
NOT_FOR_LEADS = ("add", "delete")
"""Models that they may see; results are never added by hand."""


def patterns(of: list[Any], space: str = "") -> Iterator[str]:
    for one in of:
        if isinstance(one, URLResolver):
            yield from patterns(one.url_patterns, space + (f"{one.namespace}:" if one.namespace else ""))
        elif isinstance(one, URLPattern) and one.name:
            yield space + one.name


ELSEWHERE = {"mailgun", "brevo", "admin:logout"}
"""Webhooks, which are signed and have their own tests, and URLs that would end the users' sessions."""
ADDRESSES = sorted(set(patterns(get_resolver().url_patterns)) - ELSEWHERE)
TABLES = {f"admin:{model._meta.app_label}_{model._meta.model_name}_": model for model in admin.site._registry}


def allowed(name: str) -> frozenset[str]:
    """The users with access by the table: the longest prefix decides."""
    if name.startswith("checkin:") and name.endswith("-event"):  # an event without a gate belongs to its lead
        return LEAD
    lines = [line for line in TABLE if name.startswith(line)]
    assert lines, f"{name} stands nowhere in the table"
    let_in = TABLE[max(lines, key=len)]
    is_of_a_table = name.startswith(tuple(TABLES)) and "message" not in name
    return OWNER if is_of_a_table and name.endswith(NOT_FOR_LEADS) else let_in


class World:
    """One fest with rows of every model that the first lead, the first teacher and the volunteer may see."""

    def __init__(self, mode: str = "not required") -> None:
        build_row_of_everything(1)
        self.submission = Submission.objects.get()
        self.registration = self.submission.registrations.get()
        self.event = self.registration.event
        self.listed = ClassList.objects.get()
        self.teacher = self.listed.school.teachers.get().user
        self.gate = Gate.objects.get()
        self.gate.events.set([self.event])
        asked = {"school": self.listed.school, "requested_by": self.teacher}
        Printout.objects.create(fest=self.event.fest, kind="school", **asked)
        self.browsers = {who: Client() for who in READERS}
        for who, user in self._users().items():
            self.browsers[who].force_login(user)
            if mode == PASSED:
                pass_second_step(self.browsers[who], user)
        self.named = self._arguments()

    def _users(self) -> dict[str, Any]:
        lead, other = in_role(roles.LEAD, "one lead"), in_role(roles.LEAD, "another lead")
        self.event.leads.set([lead])
        Event.objects.exclude(pk=self.event.pk)[0].leads.set([other])
        volunteer = in_role(roles.VOLUNTEER)
        self.gate.volunteers.set([volunteer])
        former = {who: build_user() for who in ("former lead", "former volunteer")}
        former["former teacher"] = build_teacher(self.listed.school).user
        former["former teacher"].groups.clear()
        self.event.leads.add(former["former lead"])
        self.gate.volunteers.add(former["former volunteer"])
        return {
            **former,
            "nobody": build_user(),
            "teacher": self.teacher,
            "other teacher": build_teacher(build_school("Another School")).user,
            "volunteer": volunteer,
            "lead": lead,
            "other lead": other,
            "results": in_role(roles.RESULTS),
            "owner": in_role(roles.OWNER),
        }

    def _arguments(self) -> dict[str, list[Any]]:
        """The arguments of a URL by its name; admin URLs get a row of their model."""
        student, place, event = self.submission.student, self.event.slug, self.event.pk
        mine = links.my_path(student).split("/")[2]
        confirming = links.confirm_address_path(student).split("/")[2]
        response = links.confirmation_path(self.submission).split("/")[2]
        printout, delegation = Printout.objects.get(kind="attendance").code, Delegation.objects.get().code
        listed, scan = self.listed.pk, Scan.objects.get().link_id
        named: dict[str, list[Any]] = {
            "registrations:details registrations:add registrations:cancel-all": [mine],
            "tickets:my tickets:resend": [mine],
            "registrations:cancel": [mine, place],
            "registrations:confirm": [confirming],
            "tickets:confirmation": [response],
            "tickets:confirmation-cancel": [response, place],
            "tickets:ticket tickets:pdf tickets:ics checkin:code": [Ticket.objects.get().code],
            "tickets:delegation": [delegation],
            "documents:certificate": [Certificate.objects.get().code],
            "events:event tickets:event-ics results:event": [place],
            "events:picture": ["a" * 32, "jpeg"],
            "teacher:student teacher:details teacher:add-events teacher:address": [student.reference],
            "teacher:share teacher:cancel-all teacher:replace-all": [student.reference],
            "teacher:cancel teacher:replace": [student.reference, self.registration.pk],
            "teacher:booklet teacher:booklet-pdf teacher:booklet-mail": [Booklet.objects.get().code],
            "teacher:documents teacher:documents-zip": [Printout.objects.get(kind="school").code],
            "class_lists:preview class_lists:edit class_lists:columns": [listed],
            "class_lists:confirm_encoding class_lists:discard class_lists:confirm": [listed],
            "class_lists:problems class_lists:left": [listed, "csv"],
            "class_lists:template": ["csv"],
            "class_lists:job": [ClassListJob.objects.get().link_id],
            "holds:back": [Hold.objects.get().pk],
            "account_invited": ["A" * 22],
            "account_confirm_email": ["MQ:1a2b3c:signature"],
            "account_reset_password_from_key": ["1", "abc-def"],
            "admin:view_on_site": [ContentType.objects.get_for_model(Event).pk, event],
            "admin:app_list": ["events"],
            "admin:documents_printout admin:documents_file": [printout],
            "admin:documents_event admin:results_enter admin:results_publish admin:results_unpublish": [
                event
            ],
            "admin:documents_school": [self.listed.school_id],
            "checkin:verdict-gate checkin:again-gate checkin:undo-gate checkin:seat-gate": [
                self.gate.pk,
                scan,
            ],
            "checkin:verdict-event checkin:again-event checkin:undo-event checkin:seat-event": [place, scan],
            "checkin:class-gate": [self.gate.pk, delegation],
            "checkin:class-event": [place, delegation],
        }
        return {name: arguments for names, arguments in named.items() for name in names.split()}

    def path(self, name: str) -> str:
        if name in self.named:
            return reverse(name, args=self.named[name])
        for start, model in TABLES.items():
            if name.startswith(start):
                return self._of_a_table(name, name.removeprefix(start), model)
        if name.startswith("checkin:") and name.endswith(("-gate", "-event")):
            return reverse(name, args=[self.gate.pk if name.endswith("-gate") else self.event.slug])
        return reverse(name)

    def _of_a_table(self, name: str, page: str, model: type[Model]) -> str:
        if page in ("changelist", "add") or page.startswith("download"):
            return reverse(name)
        row = self.event if model is Event else model._default_manager.order_by("pk").first()
        return reverse(name, args=[row.pk if row else 1])


def ask(browser: Client, method: str, path: str) -> tuple[Any, bytes]:
    """The response to a request; browser and database are restored afterwards, except the last use of the session."""
    before, point = {name: one.value for name, one in browser.cookies.items()}, transaction.savepoint()
    response = browser.get(path) if method == "GET" else browser.post(path)
    content = body(response)
    browser.cookies.clear()
    browser.cookies.load(before)
    transaction.savepoint_rollback(point)
    return response, content


def is_let_in(response: Any, address: str) -> bool:
    """Whether it is neither 403, 404 nor 405, nor a redirect to the login, waiting page or second factor."""
    away = SENT_AWAY | SECOND_STEP if address.startswith(GUARDED) else SENT_AWAY
    is_sent_away = response.status_code == 302 and response["Location"].startswith(tuple(away))
    return response.status_code not in (403, 404, 405) and not is_sent_away


def named_for(address: str, mode: str) -> frozenset[str]:
    """The users with access by the table; with only a password, those whose role is only check-in."""
    let_in = allowed(address)
    if mode != ALONE or not address.startswith(GUARDED):
        return let_in
    return let_in & {"volunteer"} if address.startswith("checkin:") else frozenset()


def addresses_of(mode: str) -> list[str]:
    """The admin and check-in need a second factor; all other URLs are requested without one."""
    return [one for one in ADDRESSES if one.startswith(GUARDED) == (mode != OFF)]


def fingerprint() -> dict[str, str]:
    """The content of all tables, except the last use of sessions."""
    app_labels = ("events", "registrations", "tickets", "auth", "mfa", "account")
    tables = {model._meta.db_table for app in app_labels for model in apps.get_app_config(app).get_models()}
    found = {}
    with connection.cursor() as cursor:
        for table in tables - NOTED:
            cursor.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")
            found[table] = str(cursor.fetchone()[0])
    return found


@pytest.fixture(params=[OFF, PASSED, ALONE])
def mode(request: Any, settings: Any) -> str:
    settings.REQUIRE_SECOND_FACTOR = request.param != OFF
    return str(request.param)


@pytest.mark.slow
def test_every_address_lets_in_whom_the_table_names_and_shows_nobody_else_a_name(mode: str) -> None:
    """By GET, or by POST if only that is allowed; a page that owners do not see is shown to no user."""
    world, wrong = World(mode), []
    name = world.submission.student.name.encode()
    for address in addresses_of(mode):
        path, let_in, shown = world.path(address), named_for(address, mode), set()
        asked = [who for who in READERS if matters(who, address)]
        for who in asked:
            response, content = ask(world.browsers[who], "GET", path)
            if response.status_code == 405:
                response, content = ask(world.browsers[who], "POST", path)
            shown |= {who} if is_let_in(response, address) else set()
            if name in content and who not in let_in:
                wrong.append(f"{address}: {who} reads a name")
        expected = {who for who in asked if who in let_in}
        if shown != expected and (shown or let_in != ALL) and not (not shown and "owner" in allowed(address)):
            wrong.append(f"{address}: {sorted(shown)} instead of {sorted(expected)}")
    assert wrong == []


@pytest.mark.slow
def test_what_is_sent_to_any_address_does_nothing_for_whom_the_table_does_not_name(mode: str) -> None:
    """Nor is a name in the answer; and what one of those sends whom it names is answered, too."""
    world, wrong = World(mode), []
    name, before = world.submission.student.name.encode(), fingerprint()
    for address in addresses_of(mode):
        path, let_in = world.path(address), named_for(address, mode)
        if let_in and ask(world.browsers[max(let_in & ONE)], "POST", path)[0].status_code >= 500:
            wrong.append(f"{address}: an error")
        for who in READERS:
            if who in let_in or not matters(who, address):
                continue
            response = world.browsers[who].post(path)
            if is_let_in(response, address) or name in body(response):
                wrong.append(f"{address}: {who} is let in")
    assert wrong == []
    assert fingerprint() == before


def body(response: Any) -> bytes:
    """The whole body, also of streamed files."""
    whole: bytes = b"".join(response.streaming_content) if response.streaming else response.content
    return whole


def matters(who: str, address: str) -> bool:
    """At the tables of the admin one who is no staff stands for all of them: the same gate stands before each."""
    return not address.startswith(tuple(TABLES)) or who in (
        ADMIN_USERS | {"anonymous", "volunteer", "former lead"}
    )


TYPED = (
    *("name", "school", "section", "roll_number", "email", "text", "reason", "note", "subject", "q", "title"),
    *(
        "login",
        "username",
        "password",
        "password1",
        "oldpassword",
        "code",
        "typed",
        "pasted",
        "seats",
        "summary",
    ),
    *(
        "description",
        "place",
        "slug",
        "contact_name",
        "pause_text",
        "name-2",
        "use_name",
        "piece-0",
        "plan",
        "rows",
    ),
)
"""Fields of forms, and parameters that views read without a form."""
STACKED = "a" + "\u0301\u0323" * 1_000
ADDRESS_LENGTH = 600
"""Characters of a parameter: percent signs make six of each, and Gunicorn reads 4,094 of an address."""


def test_no_address_is_kept_busy_by_stacked_marks() -> None:
    """In its parameters and in each field, whoever is let in: no crash, and a few steps a character."""
    world, wrong = World(), []
    for who in ("teacher", "volunteer", "owner"):
        for address in ADDRESSES:
            if not matters(who, address) or address in ("account_logout", "admin:logout"):
                continue
            with counted(has_lines=False) as steps:
                asked = world.browsers[who].get(
                    world.path(address), dict.fromkeys(TYPED, STACKED[:ADDRESS_LENGTH])
                )
            sent = dict.fromkeys(TYPED, STACKED) | {"confirmed": "yes"}
            with counted(has_lines=False) as more:
                posted = world.browsers[who].post(world.path(address), sent)
            bound = 300 * (len(STACKED) + ADDRESS_LENGTH)
            if 500 in (asked.status_code, posted.status_code) or steps.normalized + more.normalized > bound:
                found = (asked.status_code, posted.status_code, steps.normalized, more.normalized)
                wrong.append(f"{address} as {who}: {found}")
    assert wrong == []
