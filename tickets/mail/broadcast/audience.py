"""The audience of a message: the students in a filter of the list of registrations, each mailbox once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict

from events.fest_choice import choice_of, show, show_fest
from events.models import Fest
from registrations.models import Registration, Student
from registrations.students.names import mailbox_key
from techfest.core.roles import is_owner

State = Registration.State
ONLY_SHOWN = frozenset({"p", "o", "all", "_changelist_filters", "_popup", "_to_field"})
"""Parameters of the list that do not filter it, such as its page and its order."""


@dataclass(frozen=True, slots=True)
class Audience:
    """The primary keys of the registrations in a filter, and the filter in words.

    With `is_of_active`, registrations cancelled before the mail is sent are left out; it is set unless the filter
    asks for cancelled ones.
    """

    fest_id: int | None
    registrations: tuple[int, ...]
    words: str
    is_of_active: bool
    is_of_led: bool = False
    """Whether the list shows its user only the events that he or she leads."""


@dataclass(frozen=True, slots=True)
class Recipients:
    """The first student of each mailbox, and how many students have no address."""

    by_mailbox: dict[str, Student]
    students: int
    without_address: int

    @property
    def mails(self) -> int:
        return len(self.by_mailbox)


def recipients_of(registration_ids: Iterable[int]) -> Recipients:
    """The students of these registrations. One query, whatever their number."""
    students = Student.objects.filter(registrations__in=list(registration_ids)).distinct().order_by("pk")
    by_mailbox: dict[str, Student] = {}
    count = without = 0
    for student in students:
        count += 1
        if student.email:
            by_mailbox.setdefault(mailbox_key(student.email), student)
        else:
            without += 1
    return Recipients(by_mailbox, count, without)


def mailboxes_of(registration_ids: Iterable[int], *, fest_id: int, is_of_active: bool) -> frozenset[str]:
    """The mailboxes to which the message of this fest is still to be sent, by the addresses on record now."""
    rows = Registration.objects.filter(pk__in=list(registration_ids), event__fest=fest_id)
    rows = rows.exclude(student__email="")
    if is_of_active:
        rows = rows.exclude(state=State.CANCELLED)
    return frozenset(map(mailbox_key, rows.values_list("student__email", flat=True).distinct()))


def read_audience(
    request: HttpRequest, list_admin: Any, filters: str, *, fest: Fest | None = None
) -> Audience:
    """The registrations that the list shows this user under these filters, on all of its pages.

    With a `fest`, only its registrations, whatever the filters and the list's fest are. Raises what the list raises
    for an unknown filter.
    """
    query = QueryDict(filters, mutable=True)
    for name in ONLY_SHOWN:
        query.pop(name, None)
    shown = _list(request, list_admin, query, fest)
    is_of_active = query.get("state__exact") != State.CANCELLED
    rows = shown.queryset.order_by()
    if fest:
        rows = rows.filter(event__fest=fest)
    if is_of_active:
        rows = rows.exclude(state=State.CANCELLED)
    found = list(rows.values_list("pk", "event__fest"))
    fests = {fest for _pk, fest in found}
    return Audience(
        fest_id=fests.pop() if len(fests) == 1 else None,
        registrations=tuple(sorted({pk for pk, _fest in found})),
        words=_words(shown, query)[:300],
        is_of_active=is_of_active,
        is_of_led=not is_owner(request.user),
    )


def _list(request: HttpRequest, list_admin: Any, query: QueryDict, fest: Fest | None) -> Any:
    """The list as this user would see it, without its page and order; of `fest` if given."""
    looking = HttpRequest()
    looking.method, looking.path, looking.META, looking.user = "GET", request.path, request.META, request.user
    looking.GET = query
    show(looking, choice_of(request))
    if fest:
        show_fest(looking, fest)
    return list_admin.get_changelist_instance(looking)


def _words(shown: Any, query: QueryDict) -> str:
    """The filter in words, as the list shows it."""
    parts = [
        f"{spec.title}: {choice['display']}"
        for spec in shown.filter_specs
        for number, choice in enumerate(spec.choices(shown))
        if number and choice["selected"]
    ]
    if query.get("q"):
        parts.append(f"“{query['q']}”")
    return "; ".join(parts)
