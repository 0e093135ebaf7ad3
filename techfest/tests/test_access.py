"""Every URL of the site with every kind of user, taken from the URLconf: who has access, and whose names they see.

One table decides by the longest matching prefix of the URL name; a URL without a matching line fails.
The rows in the URLs belong to the first lead, the first teacher and the volunteer.
"""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client

from techfest.tests.site import (
    ADDRESSES,
    ADMIN_USERS,
    ALONE,
    OFF,
    PASSED,
    READERS,
    TABLES,
    World,
    body,
    matters,
)
from techfest.tests.support.steps import counted

pytestmark = pytest.mark.django_db

ALL = frozenset(READERS)
SIGNED_IN = ALL - {"anonymous"}
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
        for name in ("registration", "change", "conflict", "hold", "student", "school", "answer")
    ),
    *(f"tickets_{name}" for name in ("ticket", "checkin", "scan", "gate", "documentjob", "certificate")),
)

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
    "teacher:tickets-make": TEACHERS,
    "teacher:documents-make": TEACHERS,
    "teacher:delegation": TEACHERS,
    "teacher:delegation-renew": TEACHERS,
    "teacher:handover": TEACHERS,
    # Check-in: gates are open to their volunteers, events to their leads too.
    "checkin:": frozenset({"volunteer", "owner"}),
    "checkin:home": DOOR,
    "checkin:code": DOOR,
    "checkin:worker": DOOR,
    # A phone may hold scans of a gate that its user may not open: they are taken, and the organisers are told.
    "checkin:upload": DOOR,
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
    "admin:results_events": ADMIN_USERS,
    "admin:today_act": LEADS,
    "admin:documents": LEADS,
    "admin:documents_school": OWNER,
    "admin:documents_event": LEAD,
    "admin:documents_progress": LEAD,
    "admin:documents_download": LEAD,
    "admin:timetable": LEADS,
    "admin:waiting": LEADS,
    "admin:search": ADMIN_USERS,
    # Rows of their own events that leads see, in lists limited to them.
    **{f"admin:{name}_": LEAD for name in SEEN_BY_LEADS},
    **{f"admin:{name}_{page}": LEADS for name in SEEN_BY_LEADS for page in ("changelist", "download")},
    **{f"admin:{name}_": LEADS for name in ("events_venue", "events_category")},
    "admin:registrations_registration_add_by_hand": LEADS,
    # It shows those of the named rows that the user may see.
    "admin:registrations_registration_unmailed": LEADS,
    # Broadcasts are visible only to their authors.
    "admin:tickets_message_": OWNER,
    "admin:tickets_message_add": LEADS,
    "admin:tickets_message_changelist": LEADS,
    # The models that the results role works with.
    **{f"admin:{name}_": JUDGES for name in JUDGED},
    "admin:events_event_act": LEAD,
    **{f"admin:{name}_{page}": ADMIN_USERS for name in JUDGED for page in ("changelist", "download")},
    # Pages about a person, for owners only.
    "admin:registrations_student_data": OWNER,
    "admin:registrations_student_erase": OWNER,
}
NOT_FOR_LEADS = ("add", "delete")
"""Models that they may see; results are never added by hand."""


def allowed(name: str) -> frozenset[str]:
    """The users with access by the table: the longest prefix decides."""
    if name.startswith("checkin:") and name.endswith("-event") and not name.startswith("checkin:upload"):
        return LEAD  # an event without a gate belongs to its lead
    lines = [line for line in TABLE if name.startswith(line)]
    assert lines, f"{name} stands nowhere in the table"
    let_in = TABLE[max(lines, key=len)]
    is_of_a_table = name.startswith(tuple(TABLES)) and "message" not in name
    return OWNER if is_of_a_table and name.endswith(NOT_FOR_LEADS) else let_in


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
