"""The students of a school with the state of their mails, and the filters that teachers choose from."""

from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce

from events.models import Fest
from registrations.models import Consent, Registration, School, Student
from registrations.querysets import StudentQuerySet
from registrations.students.likeness import compared_label
from registrations.students.names import label_key
from techfest.core.db.folding import in_dictionary_order
from techfest.core.search import found_rows
from tickets.models import Delivery
from tickets.querysets import NOT_ARRIVED

NO_REGISTRATION = "none"
NO_EMAIL = "no-email"
IN_TROUBLE = "trouble"
State = Delivery.State

OWN_STATE = Coalesce("gathered_into__state", "state")
"""The state of a mail, or of the mail in which it was combined with others."""
NEWEST = Subquery(
    Delivery.objects.filter(student=OuterRef("pk"), to=OuterRef("email"))
    .alias(own_state=OWN_STATE)
    .exclude(own_state=State.DROPPED)
    .order_by("-queued_at", "-pk")
    .values(found=OWN_STATE)[:1]
)
SEARCHED = ("name", "reference", "merged_references__reference")
CLASS_ORDER = ("grade", "section", *in_dictionary_order("name"), "pk")
"""The order of a class register."""
BY_CLASS, BY_NAME, BY_EVENT, BY_STATE = "class", "name", "event", "state"
"""The orders of which a teacher may choose; the first one is that of the page without a choice."""


def students_of(school: School, fest: Fest) -> StudentQuerySet:
    """All students of this school in this fest in class order, annotated with consent and mail state."""
    consents = Consent.objects.filter(student=OuterRef("pk"))
    rows = Student.objects.known().filter(school=school, fest=fest).annotate(has_consent=Exists(consents))
    return with_mail(rows).order_by(*CLASS_ORDER)


def filtered(students: StudentQuerySet, chosen: dict[str, Any]) -> StudentQuerySet:
    """The students that match the filters. Event and state refer to the same registration."""
    if "name" in chosen:
        students = _found(students, chosen["name"])
    for field in ("grade", "section"):
        if field in chosen:
            students = students.filter(**{field: chosen[field]})
    if "mail" in chosen:
        is_without = chosen["mail"] == NO_EMAIL
        students = students.filter(email="") if is_without else in_trouble(students)
    return _with_registration(students, chosen)


def _found(students: StudentQuerySet, text: str) -> StudentQuerySet:
    """The students of this name, reference or roll number; a roll number only as a whole, or 1 would find 10 to 19."""
    named, _is_similar = found_rows(students, text, SEARCHED)
    key = compared_label(label_key(text))
    return students.filter(Q(pk__in=named.order_by().values("pk")) | Q(roll_key=key)) if key else named


def ordered(students: StudentQuerySet, order: str, *, event: str | None = None) -> StudentQuerySet:
    """The students in this order; `event` is the slug of the event to which the states refer, `None` means any."""
    if order == BY_NAME:
        return students.order_by(*in_dictionary_order("name"), *CLASS_ORDER)
    if order not in (BY_EVENT, BY_STATE):
        return students.order_by(*CLASS_ORDER)
    rows = Registration.objects.active().filter(student=OuterRef("pk"))
    if event:
        rows = rows.filter(event__slug=event)
    if order == BY_EVENT:
        first = rows.order_by("event__starts_at", "event__name").values("event__starts_at")[:1]
        name = rows.order_by("event__starts_at", "event__name").values("event__name")[:1]
        return students.alias(first=Subquery(first), first_name=Subquery(name)).order_by(
            F("first").asc(nulls_last=True), "first_name", *CLASS_ORDER
        )
    waits = rows.filter(state=Registration.State.WAITING)
    turn = Subquery(waits.order_by("queue_position").values("queue_position")[:1])
    rank = Case(When(Exists(waits), then=0), When(Exists(rows), then=1), default=2)
    return students.alias(rank=rank, turn=turn).order_by("rank", "turn", *CLASS_ORDER)


def _with_registration(students: StudentQuerySet, chosen: dict[str, Any]) -> StudentQuerySet:
    if not chosen.keys() & {"event", "state"}:
        return students
    rows = Registration.objects.filter(student=OuterRef("pk"))
    if "event" in chosen:
        rows = rows.filter(event__slug=chosen["event"])
    state = chosen.get("state")
    if state == NO_REGISTRATION:
        return students.filter(~Exists(rows.active()))
    if state == "confirmed":
        return students.filter(Exists(rows.holding_seats()))
    return students.filter(Exists(rows.filter(state=state) if state else rows.active()))


def with_mail(students: StudentQuerySet) -> StudentQuerySet:
    """Adds `mail`: the state of the newest mail to the current address, `None` if there is none."""
    return students.annotate(mail=NEWEST)


def in_trouble(students: StudentQuerySet) -> StudentQuerySet:
    """Students whose newest mail did not arrive."""
    troubled: dict[str, Any] = {"mail__in": NOT_ARRIVED}
    return students.filter(**troubled)


def newest_state(student: Student) -> str | None:
    """The state of the newest mail to this student's current address."""
    return Student.objects.filter(pk=student.pk).values_list(NEWEST, flat=True).first()
