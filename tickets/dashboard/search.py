"""The search box of the admin: students, events, categories, venues, schools, teachers and accounts by one text.

Each kind is searched by the rule of all searches, among the rows that the user's lists show. Similar spellings are
searched only where nothing matches as typed. The number of queries depends on neither the text nor what it finds.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.models import Category, Event, Venue
from registrations.models import Registration, School, Student, Teacher
from registrations.students.names import grouped
from techfest.core.admin.base import page_of
from techfest.core.search import Words, matching, read
from tickets.dashboard.visibility import Viewer, list_path

SHOWN = 8
"""Rows of each kind; the list has the others."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found, with what tells it from others, and lists about it."""

    name: str
    path: str
    detail: str = ""
    links: Sequence[tuple[Any, str]] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rows: its label, the columns that are searched, and what a result shows of a row."""

    label: Any
    model: type[Model]
    fields: tuple[str, ...]
    hit: Callable[[Any], Hit]
    related: tuple[str, ...] = ()
    order: tuple[str, ...] = ("pk",)


@dataclass(slots=True)
class Group:
    """What was found of one kind, and the path of the list with all of it."""

    label: Any
    hits: list[Hit]
    more: str


def _student(row: Student) -> Hit:
    about = (row.school_class, row.school.name, grouped(row.reference))
    return Hit(row.name, page_of(row), " · ".join(filter(None, about)))


def _event(row: Event) -> Hit:
    free = ngettext("%(count)d seat free", "%(count)d seats free", row.seats.free) % {"count": row.seats.free}
    waiting = _("%(count)d waiting") % {"count": row.seats.waiting}
    people = (gettext_lazy("Registrations"), list_path(Registration, event__id__exact=row.pk))
    return Hit(
        row.name,
        reverse("admin:events_event_page", args=[row.pk]),
        f"{row.venue.name} · {free} · {waiting}",
        (people,),
    )


def _category(row: Category) -> Hit:
    return Hit(
        row.name, page_of(row), "", ((gettext_lazy("Events"), list_path(Event, category__id__exact=row.pk)),)
    )


def _venue(row: Venue) -> Hit:
    return Hit(
        row.name, page_of(row), "", ((gettext_lazy("Events"), list_path(Event, venue__id__exact=row.pk)),)
    )


def _school(row: School) -> Hit:
    students = (gettext_lazy("Students"), list_path(Student, school__id__exact=row.pk))
    return Hit(row.name, page_of(row), row.get_state_display(), (students,))


def _teacher(row: Teacher) -> Hit:
    return Hit(
        row.user.get_full_name() or row.user.email, page_of(row), row.school.name if row.school else ""
    )


def _account(row: Any) -> Hit:
    return Hit(row.get_full_name() or row.get_username(), page_of(row), row.email)


KINDS = (
    Kind(
        gettext_lazy("Students"),
        Student,
        ("name", "email", "reference", "merged_references__reference"),
        _student,
        ("school",),
        ("name", "pk"),
    ),
    Kind(gettext_lazy("Events"), Event, ("name",), _event, ("seats", "venue"), ("starts_at", "pk")),
    Kind(gettext_lazy("Categories"), Category, ("name",), _category),
    Kind(gettext_lazy("Venues"), Venue, ("name",), _venue),
    Kind(gettext_lazy("Schools"), School, ("name", "aliases__name"), _school, (), ("name", "pk")),
    Kind(
        gettext_lazy("Teachers"),
        Teacher,
        ("user__first_name", "user__last_name", "user__email"),
        _teacher,
        ("user", "school"),
    ),
    Kind(
        gettext_lazy("Accounts"),
        get_user_model(),
        ("username", "first_name", "last_name", "email"),
        _account,
    ),
)


def student_of_reference(viewer: Viewer, text: str) -> Student | None:
    """The one student whose reference the text is or holds, also one from before a merge; two queries at most."""
    rows, codes = viewer.rows(Student), read(text).codes
    if rows is None or not codes:
        return None
    named = Q(reference__in=codes) | Q(merged_references__reference__in=codes)
    found = list(rows.filter(named).distinct()[:2])
    return found[0] if len(found) == 1 else None


def search(viewer: Viewer, text: str) -> tuple[list[Group], bool]:
    """Return what the text finds by kind, and whether it is only similar to the text."""
    words = read(text)
    if not words.letters:
        return [], False
    found = _groups(viewer, text, words, has_typos=False)
    if found or not words.may_have_typo:
        return found, False
    return _groups(viewer, text, words, has_typos=True), True


def _groups(viewer: Viewer, text: str, words: Words, *, has_typos: bool) -> list[Group]:
    groups = (_group(viewer, kind, text, words, has_typos=has_typos) for kind in KINDS)
    return [group for group in groups if group.hits]


def _group(viewer: Viewer, kind: Kind, text: str, words: Words, *, has_typos: bool) -> Group:
    rows: Iterable[Any] = ()
    if (seen := viewer.rows(kind.model)) is not None:
        condition = matching(kind.model, words, _fields(kind, text), has_typos=has_typos)
        ids = seen.filter(condition).values("pk")
        rows = kind.model._default_manager.filter(pk__in=ids).select_related(*kind.related)
        rows = list(rows.order_by(*kind.order)[: SHOWN + 1])
    hits = [kind.hit(row) for row in rows]
    return Group(kind.label, hits[:SHOWN], list_path(kind.model, q=text) if len(hits) > SHOWN else "")


def _fields(kind: Kind, text: str) -> list[str]:
    """The columns to search: an address only if the text looks like one, since a name is part of many addresses."""
    return [field for field in kind.fields if "@" in text or not field.endswith("email")]
