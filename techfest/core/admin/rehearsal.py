"""Acts that are shown before they are done: done, read and undone; then done for good if the same happens again.

So a page can name everyone who is affected and show the mails, and never promises what the act does not do.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from django.db import transaction
from django.db.models import Model

from techfest.core.db.bulk import observed_inserts
from techfest.core.db.locking import Deadline, in_transaction, joined_transactions

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise
    Report = Iterable[tuple[Text, int]]


@dataclass(frozen=True, slots=True)
class MailSample:
    """The first mail of one kind, as it will be sent, and how many of the kind there are."""

    count: int
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """What happens to some people: words with their count, and a line for each.

    Of a school whose students have no e-mail address also the names of its teachers, who can tell them.
    """

    words: str
    lines: list[str]
    teachers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Consequences:
    """What an act does. `facts` must be the same when it is confirmed; the number of mails is not one of them."""

    facts: Sequence[object] = ()
    groups: list[Group] = field(default_factory=list)
    counts: list[str] = field(default_factory=list)
    mails: int = 0
    samples: list[MailSample] = field(default_factory=list)
    unmailed: list[Group] = field(default_factory=list)
    """The people without an e-mail address, by school."""
    unmailed_ids: list[int] = field(default_factory=list)
    teachers: int = 0
    """How many teachers can be asked to tell them."""
    report: list[tuple["Text", int]] = field(default_factory=list)

    @property
    def digest(self) -> str:
        facts = [[*self.facts], [str(text) for text, _level in self.report]]
        return hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()

    @property
    def unmailed_count(self) -> int:
        return len(self.unmailed_ids)


class Reader(Protocol):
    """Reads consequences from the rows that an act inserted, and has teachers tell those without an address."""

    def read(self, rows: Sequence[Model], *, shows_mails: bool) -> Consequences: ...

    def tell_teachers(self, rows: Sequence[Model], *, words: str) -> None: ...


_readers: list[Reader] = []


def register_reader(reader: Reader) -> None:
    """Register the app that knows what the rows mean; the last one counts."""
    _readers.append(reader)


class _Undo(Exception):
    def __init__(self, consequences: Consequences) -> None:
        self.consequences = consequences


def rehearse(do: Callable[[], "Report"]) -> Consequences:
    """Return what the act would do now, and the mails. Nothing of it stays. Raises what `do` raises."""
    try:
        in_transaction(lambda: _attempt(do, seen=None), deadline=Deadline())
    except _Undo as undone:
        return undone.consequences
    raise AssertionError("the rehearsal was not undone")  # pragma: no cover


def carry_out(
    do: Callable[[], "Report"], *, seen: str, tells_teachers: bool = False, words: str = ""
) -> tuple[Consequences, bool]:
    """Do it if it does what was `seen`; return what it does, and whether it is done."""
    work = lambda: _attempt(do, seen=seen, tells_teachers=tells_teachers, words=words)  # noqa: E731
    try:
        return in_transaction(work, deadline=Deadline()), True
    except _Undo as undone:
        return undone.consequences, False


def _attempt(
    do: Callable[[], "Report"], *, seen: str | None, tells_teachers: bool = False, words: str = ""
) -> Consequences:
    with joined_transactions(), observed_inserts() as rows:
        report = list(do())
        found = replace(read(rows, shows_mails=False), report=report)
        if seen is None or seen != found.digest:
            raise _Undo(replace(read(rows, shows_mails=True), report=report))
        if tells_teachers:
            tell_teachers(rows, words=words)
            found = replace(read(rows, shows_mails=False), report=report)
    return found


def read(rows: Sequence[Model], *, shows_mails: bool) -> Consequences:
    """Return what the insertion of these rows means."""
    return _readers[-1].read(rows, shows_mails=shows_mails) if _readers else Consequences()


def tell_teachers(rows: Sequence[Model], *, words: str) -> None:
    """Mail the teachers of those among these rows who have no e-mail address, in the caller's transaction."""
    if _readers:
        _readers[-1].tell_teachers(rows, words=words)


def shown_and_undone(do: Callable[[], Any]) -> Consequences:
    """As `rehearse`, inside the caller's transaction, which keeps its locks."""
    try:
        with transaction.atomic(), joined_transactions(), observed_inserts() as rows:
            do()
            raise _Undo(read(rows, shows_mails=True))  # noqa: TRY301 - it undoes the block
    except _Undo as undone:
        return undone.consequences
