"""The sections of the admin by work, with the pages of each, and the raw tables, which only owners are offered.

Every table of the admin has one home: a page of a section, or a line of the records. A new page needs one line here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from techfest.core.roles import LEAD, VOLUNTEER, has_role, is_owner

Label = Any
"""A text that is translated when it is shown."""


def _everyone(request: HttpRequest) -> bool:
    return True


def _owners(request: HttpRequest) -> bool:
    return is_owner(request.user)


def _door_staff(request: HttpRequest) -> bool:
    """Those whom the check-in pages let in."""
    user: Any = request.user
    if is_owner(user) or has_role(user, VOLUNTEER):
        return True
    return has_role(user, LEAD) and bool(user.led_events.exists())


@dataclass(frozen=True, slots=True)
class Link:
    """A page of a section. `also` are beginnings of URL names whose pages belong to it as well."""

    label: Label
    url_name: str
    may_open: Callable[[HttpRequest], bool] = _everyone
    also: tuple[str, ...] = ()
    table: str = ""
    hint: Label = ""

    @property
    def path(self) -> str:
        return reverse(self.url_name)

    @property
    def names(self) -> tuple[str, ...]:
        """Beginnings of the URL names of its pages."""
        return (self.url_name.partition(":")[2], *self.also)


def _table(table: str, label: Label, *, also: tuple[str, ...] = (), hint: Label = "") -> Link:
    """The list of a model, for those who may see it, with the pages of its rows."""
    prefix = f"{table.replace('.', '_')}_"

    def may_open(request: HttpRequest) -> bool:
        return admin.site.get_model_admin(apps.get_model(table)).has_view_permission(request)

    return Link(label, f"admin:{prefix}changelist", may_open, (prefix, *also), table, hint)


def _permitted(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: bool(request.user.has_perm(permission))


@dataclass(frozen=True, slots=True)
class Section:
    label: Label
    links: Sequence[Link]
    is_open_to: Callable[[HttpRequest], bool] = _everyone


RECORDS = Section(
    _("Records"),
    (
        Link(_("Records"), "admin:records"),
        _table("events.auditentry", _("Audit log"), hint=_("Who changed what, when and why")),
        _table(
            "registrations.change", _("Changes of registrations"), hint=_("Each step of each registration")
        ),
        _table("registrations.submission", _("Submissions"), hint=_("Forms that were sent")),
        _table(
            "registrations.refusal", _("Refusals"), hint=_("Events that a form asked for and did not get")
        ),
        _table("registrations.consent", _("Consents"), hint=_("Who agreed to which text, and when")),
        _table(
            "registrations.mergedreference", _("Merged references"), hint=_("References of merged students")
        ),
        _table(
            "registrations.classlistrow", _("Rows of class lists"), hint=_("Students as teachers listed them")
        ),
        _table(
            "registrations.classlistentry", _("Entries of class lists"), hint=_("Events of listed students")
        ),
        _table("registrations.classlistjob", _("Runs of class lists"), hint=_("When lists were registered")),
        _table("events.seats", _("Seat counts"), hint=_("Capacity, taken and waiting for each event")),
        _table(
            "events.capacitychange", _("Changes of capacity"), hint=_("How many seats an event had, and when")
        ),
        _table("events.picture", _("Pictures"), hint=_("Logos and pictures of events")),
        _table(
            "tickets.deliveryevent", _("Reports on mails"), hint=_("What the provider said about each mail")
        ),
        _table("registrations.erasure", _("Erasures"), hint=_("References of erased students")),
        _table("registrations.purgeplan", _("Planned purges"), hint=_("When the names of a fest are erased")),
        _table("registrations.purge", _("Purges"), hint=_("When names were erased, and how many")),
        _table("registrations.databasemarker", _("State of the database"), hint=_("Whether it was restored")),
    ),
    _owners,
)
"""The first link is the page that lists the others."""

SECTIONS = (
    Section(_("Today"), (Link(_("Today"), "admin:index"),)),
    Section(
        _("Events"),
        (
            _table("events.event", _("Events")),
            Link(_("Timetable"), "admin:timetable", _permitted("events.change_event"), ("timetable",)),
        ),
    ),
    Section(
        _("Registrations"),
        (
            _table("registrations.registration", _("Registrations")),
            _table("registrations.student", _("Students")),
            _table("tickets.ticket", _("Tickets")),
            _table("registrations.conflict", _("Conflicts")),
            _table("registrations.answer", _("Answers")),
        ),
    ),
    Section(
        _("Schools and teachers"),
        (
            _table("registrations.school", _("Schools"), also=("documents_school",)),
            _table("registrations.schoolalias", _("Other spellings")),
            _table("registrations.teacher", _("Teachers")),
            _table("registrations.invitation", _("Invitations")),
            _table("registrations.classlist", _("Class lists")),
        ),
    ),
    Section(
        _("Waiting"),
        (
            Link(_("Waiting"), "admin:waiting", _permitted("registrations.view_registration")),
            _table("registrations.hold", _("Held seats")),
        ),
    ),
    Section(
        _("Messages"),
        (
            _table("tickets.message", _("Messages")),
            _table("tickets.delivery", _("Mails"), also=("held_mails",)),
            _table("tickets.notice", _("Notices")),
        ),
    ),
    Section(
        _("Documents"),
        (
            Link(_("Print"), "admin:documents", _permitted("tickets.add_documentjob")),
            _table("tickets.documentjob", _("Files"), also=("documents_progress", "documents_download")),
            _table("tickets.certificate", _("Certificates")),
        ),
    ),
    Section(
        _("Results"),
        (
            Link(
                _("Enter results"),
                "admin:results_events",
                _permitted("registrations.change_result"),
                ("results_",),
            ),
            _table("registrations.resultsheet", _("Results by event")),
            _table("registrations.result", _("Points and ranks")),
        ),
    ),
    Section(
        _("Check-in"),
        (
            Link(_("Door"), "checkin:home", _door_staff),
            _table("tickets.checkin", _("Check-ins")),
            _table("tickets.scan", _("Scans")),
            _table("tickets.gate", _("Gates")),
            _table("tickets.alert", _("Alerts")),
            _table("tickets.delegation", _("School codes")),
            _table("tickets.searchcount", _("Name searches")),
        ),
    ),
    Section(
        _("Settings"),
        (
            _table("events.fest", _("Fests")),
            _table("events.venue", _("Venues")),
            _table("events.category", _("Categories")),
            _table("registrations.question", _("Questions")),
            _table("registrations.consenttext", _("Consent texts")),
            _table("auth.user", _("Accounts")),
            _table("account.emailaddress", _("Addresses of accounts")),
            _table("mfa.authenticator", _("Second steps")),
            _table("registrations.temporarypassword", _("Handed-out passwords")),
            _table("registrations.securityevent", _("Security log")),
        ),
    ),
    RECORDS,
)
