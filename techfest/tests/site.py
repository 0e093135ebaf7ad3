"""Every URL of the site, and one fest with rows of every model for every kind of user to ask for."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from events.models import Event
from registrations import links
from registrations.models import ClassList, ClassListJob, Hold, Submission
from registrations.tests.builders import build_school, build_teacher, build_user
from registrations.tests.second_step import pass_second_step
from techfest.core import roles
from tickets.models import Certificate, Delegation, DocumentJob, Gate, Scan, Ticket
from tickets.tests.admin_helpers import in_role
from tickets.tests.builders.everything import build_row_of_everything

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

ADMIN_USERS = frozenset({"lead", "other lead", "results", "owner"})

OFF, PASSED, ALONE = "not required", "passed", "password alone"
"""Whether a second factor is required, and whether all users have passed it."""


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
        delegation = Delegation.objects.get().code
        sheet, tickets = (DocumentJob.objects.get(kind=kind).code for kind in ("attendance", "tickets"))
        listed, scan = self.listed.pk, Scan.objects.get().link_id
        named: dict[str, list[Any]] = {
            "registrations:details registrations:add registrations:cancel-all": [mine],
            "registrations:answers": [mine],
            "tickets:my tickets:resend": [mine],
            "registrations:cancel": [mine, place],
            "registrations:confirm": [confirming],
            "tickets:confirmation": [response],
            "tickets:confirmation-cancel": [response, place],
            "tickets:ticket tickets:pdf tickets:ics checkin:code": [Ticket.objects.get().code],
            "tickets:delegation": [delegation],
            "tickets:certificate": [Certificate.objects.get().code],
            "events:event tickets:event-ics results:event": [place],
            "events:picture": ["a" * 32, "jpeg"],
            "teacher:student teacher:details teacher:answers teacher:add-events teacher:address": [
                student.reference
            ],
            "teacher:share teacher:cancel-all teacher:replace-all": [student.reference],
            "teacher:cancel teacher:replace": [student.reference, self.registration.pk],
            "teacher:document teacher:document-file teacher:document-mail": [tickets],
            "teacher:tickets-moved teacher:documents-moved": [tickets],
            "class_lists:preview class_lists:edit class_lists:columns class_lists:answer": [listed],
            "class_lists:confirm_encoding class_lists:discard class_lists:confirm": [listed],
            "class_lists:problems class_lists:left": [listed, "csv"],
            "class_lists:template": ["csv"],
            "class_lists:job": [ClassListJob.objects.get().link_id],
            "class_lists:undo": [ClassListJob.objects.get().link_id],
            "holds:back": [Hold.objects.get().pk],
            "account_invited": ["A" * 22],
            "account_confirm_email": ["MQ:1a2b3c:signature"],
            "account_reset_password_from_key": ["1", "abc-def"],
            "admin:view_on_site": [ContentType.objects.get_for_model(Event).pk, event],
            "admin:app_list": ["events"],
            "admin:documents_progress admin:documents_download": [sheet],
            "admin:documents_event admin:results_enter admin:results_publish admin:results_unpublish": [
                event
            ],
            "admin:registrations_question_of_fest": [self.event.fest_id],
            "admin:registrations_question_of_event": [event],
            "admin:registrations_question_of_student": [student.pk],
            "admin:documents_school": [self.listed.school_id],
            "admin:today_act": ["registrations", "conflict", "resolve"],
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
        if page in ("changelist", "add", "add_by_hand", "unmailed") or page.startswith("download"):
            return reverse(name)
        chosen: dict[type[Model], Model] = {
            Event: self.event,
            DocumentJob: DocumentJob.objects.get(
                kind="attendance"
            ),  # an event's; those of a school are for owners
        }
        row = chosen.get(model) or model._default_manager.order_by("pk").first()
        return reverse(name, args=[row.pk if row else 1])


def body(response: Any) -> bytes:
    """The whole body, also of streamed files."""
    whole: bytes = b"".join(response.streaming_content) if response.streaming else response.content
    return whole


def matters(who: str, address: str) -> bool:
    """At the tables of the admin one who is no staff stands for all of them: the same gate stands before each."""
    return not address.startswith(tuple(TABLES)) or who in (
        ADMIN_USERS | {"anonymous", "volunteer", "former lead"}
    )
