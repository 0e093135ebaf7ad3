"""The students of a school: filters, and the grid of students and events that a teacher sees."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count
from django.http import QueryDict
from django.utils.translation import gettext as _

from events.cache import known_events
from events.models import Event, Fest
from registrations.booking.conflicts import conflicts_of, short
from registrations.booking.waitlist import with_number
from registrations.models import Conflict, Registration, School, Student
from tickets.querysets import NOT_ARRIVED
from tickets.school_students import BY_CLASS, BY_EVENT, BY_NAME, BY_STATE, filtered, ordered, students_of
from tickets.teacher.forms import FilterForm
from tickets.teacher.mail_status import MailState, mail_state

State = Registration.State
PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Cell:
    """The state of one student in one event; `word` is empty if there is no registration."""

    event: Event
    state: str = ""
    word: str = ""
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    student: Student
    cells: list[Cell]
    mail: MailState
    has_consent: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """Totals of the whole school, regardless of filters."""

    students: int
    confirmed: int
    waiting: int
    in_trouble: int
    without_email: int


@dataclass(frozen=True, slots=True)
class Grid:
    form: FilterForm
    totals: Totals
    events: list[Event]
    rows: list[Row]
    page: "Page[Student]"

    @property
    def is_filtered(self) -> bool:
        return bool(self.form.filters)

    @property
    def order(self) -> str:
        """The order of the rows."""
        order: str = self.form.chosen.get("sort", BY_CLASS)
        return order

    @property
    def orders(self) -> dict[str, str]:
        """The query of each order, for the links in the heads of the table."""
        return {order: self.form.sorted_by(order) for order in (BY_NAME, BY_EVENT, BY_STATE)} | {
            BY_CLASS: self.form.sorted_by("")
        }

    @property
    def columns(self) -> list[tuple[Event, str]]:
        """The events with a column each, and the query that shows one event with those who wait first."""
        return [(event, self.form.sorted_by(BY_STATE, event=event.slug)) for event in self.events]


def grid_of(school: School, fest: Fest, query: QueryDict) -> Grid:
    """The page of the grid that this query requests. Eight queries, however many students or events."""
    all_students = students_of(school, fest)
    counts = _counts(school, fest)
    events = _events(counts)
    form = _filter_form(school, fest, query, events)
    chosen = form.chosen
    found = ordered(filtered(all_students, chosen), chosen.get("sort", BY_CLASS), event=chosen.get("event"))
    page = Paginator(found, PER_PAGE).get_page(query.get("page"))
    shown = [event for event in events if chosen.get("event") in (None, event.slug)]
    rows = list(_rows(list(page), shown, shows_cancelled=chosen.get("state") == State.CANCELLED))
    return Grid(form, _totals(all_students, counts), shown, rows, page)


def filter_form(school: School, fest: Fest, query: QueryDict) -> FilterForm:
    """The filter form of this school for this query."""
    return _filter_form(school, fest, query, _events(_counts(school, fest)))


def _events(ids: Iterable[int]) -> list[Event]:
    return sorted(known_events(ids).values(), key=lambda event: (event.starts_at, event.pk))


def _filter_form(school: School, fest: Fest, query: QueryDict, events: list[Event]) -> FilterForm:
    classes = Student.objects.known().filter(school=school, fest=fest).values_list("grade", "section")
    found = list(classes.order_by("grade", "section").distinct())
    return FilterForm(
        query,
        grades=sorted({grade for grade, _section in found}),
        sections=sorted({section for _grade, section in found if section}),
        events=events,
    )


def _counts(school: School, fest: Fest) -> dict[int, Counter[str]]:
    """How many registrations of the school are in which state, by event."""
    rows = Registration.objects.filter(student__school=school, student__fest=fest)
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for event, state, many in rows.order_by().values_list("event", "state").annotate(Count("pk")):
        counts[event][state] = many
    return counts


def _totals(all_students: Any, counts: dict[int, Counter[str]]) -> Totals:
    states = sum(counts.values(), Counter[str]())
    mails = Counter[tuple[bool, str | None]]()
    for email, mail in all_students.order_by().values_list("email", "mail"):
        mails[bool(email), mail] += 1
    return Totals(
        students=mails.total(),
        confirmed=states[State.CONFIRMED],
        waiting=states[State.WAITING],
        in_trouble=sum(many for (_has, mail), many in mails.items() if mail in NOT_ARRIVED),
        without_email=sum(many for (has, _mail), many in mails.items() if not has),
    )


def _rows(students: list[Student], events: list[Event], *, shows_cancelled: bool) -> Iterable[Row]:
    held: dict[tuple[int, int], Registration] = {}
    registrations = with_number(Registration.objects.filter(student__in=students)).order_by("pk")
    if not shows_cancelled:
        registrations = registrations.active()
    for registration in registrations:
        known = held.get((registration.student_id, registration.event_id))
        if known is None or not known.is_active:
            held[registration.student_id, registration.event_id] = registration
    conflicts = conflicts_of(registration.pk for registration in held.values())
    for student in students:
        cells = [_cell(event, held.get((student.pk, event.pk)), conflicts) for event in events]
        mail, has_consent = getattr(student, "mail", None), getattr(student, "has_consent", False)
        yield Row(student, cells, mail_state(student.email, mail), has_consent)


def _cell(event: Event, registration: Registration | None, conflicts: Mapping[int, list[Conflict]]) -> Cell:
    if registration is None:
        return Cell(event)
    key = registration.pk
    words = tuple(short(conflict, key) for conflict in conflicts.get(key, ()))
    return Cell(event, registration.state, state_word(registration), words)


def state_word(registration: Registration) -> str:
    """The state, short enough for a cell; a waiting registration shows its number."""
    match registration.state:
        case State.CONFIRMED:
            return _("seat")
        case State.WAITING:
            return _("waiting, rank %(number)d") % {"number": registration.number}
    return _("cancelled")
