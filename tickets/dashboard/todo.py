"""What waits for somebody's decision, each with its number and the list where it is decided."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import ngettext_lazy

from registrations.models import Conflict, Hold, School, Student, Teacher
from registrations.students import consents
from tickets.dashboard.visibility import Viewer, list_path
from tickets.models import Alert, Delivery, Scan, Ticket
from tickets.querysets import RENDER_ATTEMPTS


@dataclass(frozen=True, slots=True)
class PendingKind:
    """One kind of decision: which rows wait for it, in which words, and with which filters they are listed."""

    model: type[Model]
    waiting: Callable[[Any], QuerySet[Any]]
    words: Any
    filters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    count: int
    words: str
    path: str


_OPEN = {"resolved_at__isempty": 1}
PENDING_KINDS = (
    PendingKind(
        Alert,
        lambda rows: rows.filter(seen_at=None),
        ngettext_lazy("alert to look at", "alerts to look at"),
        {"seen_at__isempty": 1},
    ),
    PendingKind(
        Scan,
        lambda rows: rows.filter(is_conflict=True, resolved_at=None),
        ngettext_lazy("conflict at the door", "conflicts at the door"),
        {"is_conflict__exact": 1, **_OPEN},
    ),
    PendingKind(
        Conflict,
        lambda rows: rows.filter(resolved_at=None),
        ngettext_lazy(
            "registration in trouble after a change of its event",
            "registrations in trouble after a change of their event",
        ),
        _OPEN,
    ),
    PendingKind(
        School,
        lambda rows: rows.filter(state=School.State.PENDING),
        ngettext_lazy("school to accept or merge", "schools to accept or merge"),
        {"state__exact": School.State.PENDING},
    ),
    PendingKind(
        Teacher,
        lambda rows: rows.waiting(),
        ngettext_lazy("teacher to approve", "teachers to approve"),
        {"approval": "waiting"},
    ),
    PendingKind(
        Hold,
        lambda rows: rows.requested(),
        ngettext_lazy("block of seats asked for", "blocks of seats asked for"),
        {"state": Hold.State.REQUESTED},
    ),
    PendingKind(
        Student,
        consents.without_consent,
        ngettext_lazy("student without a consent on record", "students without a consent on record"),
        {"consent": "missing"},
    ),
    PendingKind(
        Delivery,
        lambda rows: rows.in_trouble(),
        ngettext_lazy("mail that did not arrive", "mails that did not arrive"),
        {"trouble": "yes"},
    ),
    PendingKind(
        Ticket,
        lambda rows: rows.live().filter(rendered_at=None, render_attempts__gte=RENDER_ATTEMPTS),
        ngettext_lazy("ticket whose PDF was given up", "tickets whose PDF was given up"),
        {"pdf": "given_up"},
    ),
)


def decisions(viewer: Viewer) -> list[Decision]:
    """What waits for this person, one query a kind; what nobody has to decide is not among it."""
    return [one for kind in PENDING_KINDS for one in _waiting(viewer, kind)]


def _waiting(viewer: Viewer, kind: PendingKind) -> Iterator[Decision]:
    rows = viewer.rows(kind.model) if viewer.decides(kind.model) else None
    count = 0 if rows is None else kind.waiting(rows).count()
    if count:
        yield Decision(count, kind.words % count, list_path(kind.model, **kind.filters))
