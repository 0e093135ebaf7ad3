"""What waits for the user's decision: the rows of each kind, with the buttons that decide them in place."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Model, QuerySet, Window
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from registrations.models import Conflict, Hold, Registration, School, Student, Teacher
from registrations.students import consents
from techfest.core.admin.base import page_of
from techfest.core.formatting import moment
from tickets.alerts import alert_path
from tickets.dashboard.visibility import Viewer, list_path
from tickets.models import Alert, Delivery, Scan, Ticket
from tickets.querysets import RENDER_ATTEMPTS

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise

SHOWN = 3
"""Rows of each kind on Today; its list has all."""


@dataclass(frozen=True, slots=True)
class Act:
    """An action of the admin that Today offers as a button. `is_danger` marks what takes something away."""

    model: type[Model]
    action: str
    label: "Text"
    is_danger: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        return self.model._meta.app_label, str(self.model._meta.model_name), self.action

    @property
    def path(self) -> str:
        return reverse("admin:today_act", args=self.key)


@dataclass(frozen=True, slots=True)
class Button:
    """An act on one row."""

    act: Act
    pk: int
    label: "Text"


@dataclass(frozen=True, slots=True)
class Line:
    """A row: its name, what is to be decided, its page, and its buttons, the first of which is the usual answer."""

    name: str
    about: str
    path: str
    buttons: Sequence[Button] = ()
    links: Sequence[tuple["Text", str]] = ()


@dataclass(frozen=True, slots=True)
class PendingKind:
    """A kind of decision: the rows waiting for it, their text, and the filters of the list that shows all of them."""

    model: type[Model]
    waiting: Callable[[Any], QuerySet[Any]]
    words: Any
    filters: Mapping[str, Any]
    line: Callable[[Any], Line]
    order: Sequence[str] = ("pk",)
    related: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    count: int
    words: str
    path: str
    lines: Sequence[Line]

    @property
    def title(self) -> str:
        return f"{self.count} {self.words}"

    @property
    def others(self) -> int:
        return self.count - len(self.lines)


SEE = Act(Alert, "see", gettext_lazy("Mark as seen"))
SETTLE_SCAN = Act(Scan, "resolve_conflicts", gettext_lazy("Resolve"))
KEEP = Act(Conflict, "resolve", gettext_lazy("Keep it"))
CANCEL = Act(Registration, "cancel_registrations", gettext_lazy("Cancel"), is_danger=True)
ACCEPT = Act(School, "accept", gettext_lazy("Accept"))
MERGE = Act(School, "merge_schools", gettext_lazy("Merge into another"))
APPROVE = Act(Teacher, "approve", gettext_lazy("Approve"))
REFUSE = Act(Teacher, "refuse", gettext_lazy("Refuse"), is_danger=True)
HOLD = Act(Hold, "approve", gettext_lazy("Hold the seats"))
REFUSE_HOLD = Act(Hold, "refuse", gettext_lazy("Refuse"), is_danger=True)
SEND_AGAIN = Act(Delivery, "queue_again", gettext_lazy("Send again"))
MAKE_AGAIN = Act(Ticket, "make_again", gettext_lazy("Make the PDF again"))
ACTS = (
    *(SEE, SETTLE_SCAN, KEEP, CANCEL, ACCEPT, MERGE),
    *(APPROVE, REFUSE, HOLD, REFUSE_HOLD, SEND_AGAIN, MAKE_AGAIN),
)


def _buttons(pk: int, *acts: Act) -> list[Button]:
    return [Button(act, pk, act.label) for act in acts]


def _alert(alert: Alert) -> Line:
    times = ngettext("%(count)d time, last %(when)s", "%(count)d times, last %(when)s", alert.count)
    about = times % {"count": alert.count, "when": moment(alert.last_at)}
    links = [(_("Show its registrations"), alert_path(alert))] if alert.filters else []
    name = f"{capfirst(alert.get_kind_display())}: {alert.subject}"
    return Line(name, about, page_of(alert), _buttons(alert.pk, SEE), links)


def _scan(scan: Scan) -> Line:
    name = scan.ticket.student.name if scan.ticket else _("Unknown code")
    words = {"at": moment(scan.at), "where": scan.where}
    words |= {"said": scan.get_device_verdict_display(), "verdict": scan.get_verdict_display()}
    about = (
        _("%(at)s, %(where)s: a phone without a network showed “%(said)s”; correct is “%(verdict)s”") % words
    )
    return Line(name, about, page_of(scan), _buttons(scan.pk, SETTLE_SCAN))


def _conflict(conflict: Conflict) -> Line:
    """A clash is decided by giving up one of the two events; what stays is confirmed with a reason."""
    mine, other = conflict.registration, conflict.other
    if other is None:
        about = _("%(event)s is no longer for this grade") % {"event": mine.event.name}
    else:
        about = _("%(event)s and %(other)s are at the same time") % {
            "event": mine.event.name,
            "other": other.event.name,
        }
    cancel = [
        Button(CANCEL, row.pk, _("Cancel %(event)s") % {"event": row.event.name})
        for row in (mine, other)
        if row is not None
    ]
    keep = KEEP.label if other is None else _("Keep both")
    about = _("%(what)s. To be decided by %(when)s.") % {"what": about, "when": moment(conflict.choose_by)}
    return Line(mine.student.name, about, page_of(mine), [Button(KEEP, conflict.pk, keep), *cancel])


def _school(school: School) -> Line:
    about = _("entered %(when)s") % {"when": moment(school.created_at)}
    return Line(school.name, about, page_of(school), _buttons(school.pk, ACCEPT, MERGE))


def _teacher(teacher: Teacher) -> Line:
    parts = [teacher.school.name, teacher.user.email, *([teacher.note] if teacher.note else [])]
    return Line(teacher.name, " · ".join(parts), page_of(teacher), _buttons(teacher.pk, APPROVE, REFUSE))


def _hold(hold: Hold) -> Line:
    words = ngettext("%(count)d seat of %(event)s", "%(count)d seats of %(event)s", hold.seats)
    about = words % {"count": hold.seats, "event": hold.event.name}
    about = f"{about} ({hold.event.seats})"
    name = hold.school.name if hold.school else _("Held back")
    return Line(name, about, page_of(hold), _buttons(hold.pk, HOLD, REFUSE_HOLD))


def _student(student: Student) -> Line:
    about = _("Grade %(grade)d, %(school)s") % {"grade": student.grade, "school": student.school.name}
    return Line(student.name, about, page_of(student))


def _mail(delivery: Delivery) -> Line:
    student = delivery.student
    about = f"{capfirst(delivery.get_kind_display())}: {delivery.get_state_display()}"
    if student is not None:
        about = f"{student.name} · {about}"
    links = [(_("Correct the address"), page_of(student))] if student is not None else []
    return Line(delivery.to, about, page_of(delivery), _buttons(delivery.pk, SEND_AGAIN), links)


def _ticket(ticket: Ticket) -> Line:
    return Line(
        ticket.student.name,
        ticket.registration.event.name,
        page_of(ticket),
        _buttons(ticket.pk, MAKE_AGAIN),
    )


PENDING_KINDS = (
    PendingKind(
        Alert,
        lambda rows: rows.filter(seen_at=None),
        ngettext_lazy("alert to look at", "alerts to look at"),
        {"seen_at__isempty": 1},
        _alert,
        order=("-last_at", "pk"),
    ),
    PendingKind(
        Scan,
        lambda rows: rows.filter(is_conflict=True, resolved_at=None),
        ngettext_lazy("conflict at the door", "conflicts at the door"),
        {"is_conflict__exact": 1, "resolved_at__isempty": 1},
        _scan,
        order=("-at", "pk"),
        related=("ticket__student",),
    ),
    PendingKind(
        Conflict,
        lambda rows: rows.filter(resolved_at=None),
        ngettext_lazy(
            "registration in trouble after a change of its event",
            "registrations in trouble after a change of their event",
        ),
        {},  # the list shows the open ones
        _conflict,
        order=("choose_by", "pk"),
        related=("registration__student", "registration__event", "other__event"),
    ),
    PendingKind(
        School,
        lambda rows: rows.filter(state=School.State.PENDING),
        ngettext_lazy("school to accept or merge", "schools to accept or merge"),
        {"state__exact": School.State.PENDING},
        _school,
        order=("created_at", "pk"),
    ),
    PendingKind(
        Teacher,
        lambda rows: rows.waiting(),
        ngettext_lazy("teacher to approve", "teachers to approve"),
        {"approval": "waiting"},
        _teacher,
        order=("created_at", "pk"),
        related=("user", "school"),
    ),
    PendingKind(
        Hold,
        lambda rows: rows.requested(),
        ngettext_lazy("request to hold seats", "requests to hold seats"),
        {"state": Hold.State.REQUESTED},
        _hold,
        order=("created_at", "pk"),
        related=("school", "event__seats"),
    ),
    PendingKind(
        Student,
        consents.without_consent,
        ngettext_lazy("student without a consent on record", "students without a consent on record"),
        {"consent": "missing"},
        _student,
        related=("school",),
    ),
    PendingKind(
        Delivery,
        lambda rows: rows.in_trouble(),
        ngettext_lazy("mail that did not arrive", "mails that did not arrive"),
        {"trouble": "yes"},
        _mail,
        order=("-created_at", "pk"),
        related=("student",),
    ),
    PendingKind(
        Ticket,
        lambda rows: rows.live().filter(rendered_at=None, render_attempts__gte=RENDER_ATTEMPTS),
        ngettext_lazy("ticket whose PDF was given up", "tickets whose PDF was given up"),
        {"pdf": "given_up"},
        _ticket,
        related=("student", "registration__event"),
    ),
)


def decisions(viewer: Viewer) -> list[Decision]:
    """Return the decisions that wait for the user, with one query for each kind."""
    found = (_waiting(viewer, kind) for kind in PENDING_KINDS)
    return [one for one in found if one is not None]


def _waiting(viewer: Viewer, kind: PendingKind) -> Decision | None:
    rows = viewer.rows(kind.model) if viewer.decides(kind.model) else None
    if rows is None:
        return None
    waiting = kind.waiting(rows).select_related(*kind.related).order_by(*kind.order)
    shown = list(waiting.annotate(count_of_all=Window(Count("*")))[:SHOWN])
    if not shown:
        return None
    count: int = shown[0].count_of_all
    lines = _allowed(viewer, kind, [kind.line(row) for row in shown])
    return Decision(count, kind.words % count, list_path(kind.model, **kind.filters), lines)


def _allowed(viewer: Viewer, kind: PendingKind, lines: list[Line]) -> list[Line]:
    """The lines without the buttons for rows of other tables that are not the user's to decide."""
    asked: dict[type[Model], set[int]] = defaultdict(set)
    for button in (one for line in lines for one in line.buttons if one.act.model is not kind.model):
        asked[button.act.model].add(button.pk)
    theirs = {(model, pk) for model, ids in asked.items() for pk in ids - _decided_by(viewer, model, ids)}
    return [
        replace(line, buttons=[one for one in line.buttons if (one.act.model, one.pk) not in theirs])
        for line in lines
    ]


def _decided_by(viewer: Viewer, model: type[Model], ids: set[int]) -> set[int]:
    """Those of these rows that the user may change."""
    rows = viewer.rows(model) if viewer.decides(model) else None
    return set() if rows is None else set(rows.filter(pk__in=ids).values_list("pk", flat=True))
