"""What registrations asks of the apps above it. Each hook has one implementation, registered when the apps are loaded.

A hook is a call that the layers do not allow directly: `registrations` may not import `tickets`. Events that several
receivers may follow are signals instead (`registrations.signals`).
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from django.db.models import Model
from django.http import HttpRequest
from django.utils.safestring import SafeString

from events.models import Event, Fest
from techfest.core.admin.rehearsal import MailSample

Implementation = TypeVar("Implementation", bound=Callable[..., Any])


class Hook(Generic[Implementation]):
    """The place of one implementation. `hook.call(...)` is typed as the implementation is."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._implementation: Implementation | None = None

    def register(self, implementation: Implementation) -> None:
        """The last one that is registered counts."""
        self._implementation = implementation

    @property
    def call(self) -> Implementation:
        """Raises RuntimeError where nothing is registered."""
        if self._implementation is None:
            raise RuntimeError(f"No app has registered the hook {self._name}.")
        return self._implementation


class EnqueueNotice(Protocol):
    """Enqueues a mail to a teacher or a member of staff in the caller's transaction.

    `text` is plain text whose paragraphs are separated by empty lines; `link` is an absolute address. With `changes`,
    ids of changes of registrations, the mail names the students when it is sent, and `text` is the sentence at its end.
    """

    def __call__(
        self,
        *,
        to: str,
        subject: str,
        text: str,
        now: dt.datetime,
        link: str = "",
        link_label: str = "",
        user: Any = None,
        changes: Collection[int] = (),
    ) -> object: ...


class NotifyWorkers(Protocol):
    """Wakes up a worker for the task of this name once the caller's transaction is committed."""

    def __call__(self, task: str) -> None: ...


class ResendMails(Protocol):
    """Queues the newest mail about each registration again, and returns messages with their levels."""

    def __call__(self, registration_ids: Sequence[int], /) -> Iterable[tuple[str, int]]: ...


class CheckedIn(Protocol):
    """Returns those of these locked registrations whose ticket was used at the door."""

    def __call__(self, registration_ids: Iterable[int], /) -> set[int]: ...


class MailMarks(Protocol):
    """Says for each of these registrations what became of the newest mail about it, by the registration's id."""

    def __call__(self, registrations: Sequence[Any], /) -> Mapping[int, SafeString]: ...


checked_in: Hook[CheckedIn] = Hook("checked_in")


@dataclass(frozen=True, slots=True)
class EventDecision:
    """What waits for a decision in one event: the count, what is counted, and the path of the list that shows it."""

    count: int
    words: str
    path: str


@dataclass(frozen=True, slots=True)
class EventFigures:
    """What the apps above know of an event; the path is empty where the user may not see the list."""

    checked_in: int = 0
    checked_in_path: str = ""
    decisions: list[EventDecision] = field(default_factory=list)


class CountEvent(Protocol):
    """Returns what the user may see of the event; the number of queries does not grow with its rows."""

    def __call__(self, request: HttpRequest, event: Event, /) -> EventFigures: ...


@dataclass(frozen=True, slots=True)
class MailForecast:
    """The mails that an act queues, and the first of each kind as it will be sent."""

    to_students: int = 0
    to_teachers: int = 0
    samples: list[MailSample] = field(default_factory=list)


class ForecastMails(Protocol):
    """Counts the queued mails among rows that an act inserted, and composes samples where they are shown."""

    def __call__(self, rows: Sequence[Model], shows_mails: bool, /) -> MailForecast: ...


class MailQuestions(Protocol):
    """Enqueues a mail to each student who has not answered a question of the event or of the fest; returns how many."""

    def __call__(self, fest: Fest, /, *, now: dt.datetime, event: Event | None = None) -> int: ...


enqueue_notice: Hook[EnqueueNotice] = Hook("enqueue_notice")
mail_questions: Hook[MailQuestions] = Hook("mail_questions")
notify_workers: Hook[NotifyWorkers] = Hook("notify_workers")
resend_mails: Hook[ResendMails] = Hook("resend_mails")
mail_marks: Hook[MailMarks] = Hook("mail_marks")
event_figures: Hook[CountEvent] = Hook("event_figures")
forecast_mails: Hook[ForecastMails] = Hook("forecast_mails")
