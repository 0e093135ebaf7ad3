"""The rows of the preview page: cells, fields to correct, choices and suggestions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from registrations.class_lists.columns import RowCells
from registrations.class_lists.inline_edit import REMOVE, cell_versions, pack_versions
from registrations.class_lists.parse import Draft
from registrations.class_lists.row_status import ICONS, RowStatus, Status, label_of
from registrations.spreadsheets.listing import Code, ListedStudent, Problem
from registrations.spreadsheets.meanings import LABELS, STUDENT_COLUMNS, Meaning
from registrations.students.names import clean_text

_FIELDS_FOR_CODE: dict[str, tuple[Meaning, ...]] = {
    Code.SECTION: (Meaning.GRADE, Meaning.SECTION),
    Code.TWICE: (Meaning.NAME, Meaning.SECTION, Meaning.ROLL_NUMBER),
    Code.DOUBT: (Meaning.NAME, Meaning.SECTION, Meaning.ROLL_NUMBER),
}
"""The fields that help with a problem, if they are not just the faulty one."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table; with `name` it is an input field. `tone` is stop, wait or empty."""

    label: str
    text: str
    name: str = ""
    tone: str = ""
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A select box: its name, label and options."""

    name: str
    label: str
    options: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A button that accepts a suggestion."""

    name: str
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row with everything that the page shows and offers about it."""

    number: int
    name: str
    cells: tuple[Cell, ...]
    events: tuple[str, ...]
    status: Status
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    words: tuple[str, ...]
    choices: tuple[Choice, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    event_choices: tuple[tuple[str, str, bool], ...] = ()
    answers: tuple[Cell, ...] = ()
    versions: str = ""
    needs_look: bool = False
    offers_no_email: bool = False

    @property
    def chosen(self) -> str:
        """The ticked events as slugs, sent along to detect a change."""
        return " ".join(slug for slug, _name, is_on in self.event_choices if is_on)

    @property
    def icon(self) -> str:
        return ICONS[self.status]

    @property
    def label(self) -> str:
        return label_of(self.status)

    @property
    def has_more(self) -> bool:
        """Whether a second line below the row has something to show."""
        return bool(self.errors or self.warnings or self.words or self.versions)

    @property
    def is_open(self) -> bool:
        return self.status != Status.BUSY


class Page:
    """Builds the rows of one page."""

    def __init__(self, draft: Draft, *, edited: int = 0) -> None:
        self.draft, self.edited = draft, edited
        self.events = draft.parsed.events
        self.texts = {row.number: row for row in draft.rows}
        self.students = {student.row: student for student in draft.listing.students}

    def rows(self, found: Iterable[RowStatus]) -> list[ShownRow]:
        return [self._row(one) for one in found]

    def _row(self, one: RowStatus) -> ShownRow:
        cells = RowCells(self.draft.class_list, self.texts[one.number])
        student, problems = self.students[one.number], (*one.errors, *one.warnings)
        is_open = one.status != Status.BUSY
        is_edited = is_open and one.number == self.edited
        fields = set(STUDENT_COLUMNS) if is_edited else _fields_for(problems) if is_open else set()
        suggestions = self._suggestions(one) if is_open else ()
        choices = self._choices(one, cells) if is_open and not is_edited else ()
        answers = self._answers(one, cells, is_edited=is_edited) if is_open else ()
        can_change = bool(fields or choices or suggestions or answers)
        return ShownRow(
            number=one.number,
            name=student.name or clean_text(cells.text(Meaning.NAME))[:60],
            cells=tuple(
                self._cell(one, cells, student, meaning, meaning in fields) for meaning in STUDENT_COLUMNS
            ),
            events=tuple(self.events[slug] for slug in student.events),
            status=one.status,
            errors=one.errors,
            warnings=one.warnings,
            words=_forecast_texts(one),
            choices=choices,
            suggestions=suggestions,
            event_choices=self._event_choices(student) if is_edited else (),
            answers=answers,
            versions=pack_versions(cell_versions(cells)) if can_change else "",
            needs_look=one.needs_look,
            offers_no_email=is_open and any(problem.column == Meaning.EMAIL for problem in problems),
        )

    def _cell(
        self, one: RowStatus, cells: RowCells, student: ListedStudent, meaning: Meaning, is_field: bool
    ) -> Cell:
        """Return a field with the text of the sheet, or a cell with what was read of it."""
        raw = cells.text(meaning).strip()
        understood = str(getattr(student, meaning) or "")
        bad = any(problem.column == meaning for problem in one.errors)
        odd = any(problem.column == meaning for problem in one.warnings)
        return Cell(
            str(LABELS[meaning]),
            raw if is_field else understood or clean_text(raw)[:60],
            f"{meaning}-{one.number}" if is_field else "",
            "stop" if bad else "wait" if odd else "",
            STUDENT_COLUMNS[meaning].is_narrow,
        )

    def _answers(self, one: RowStatus, cells: RowCells, *, is_edited: bool) -> tuple[Cell, ...]:
        """Return a field for each answer that is no answer; all of them for the row that is edited."""
        bad = {problem.question for problem in one.errors if problem.question}
        asked = self.draft.parsed.questions
        return tuple(
            Cell(asked[key].text, cells.answer(key), f"{key}-{one.number}", "stop" if key in bad else "")
            for key in cells.answer_keys
            if key in asked and (is_edited or key in bad)
        )

    def _choices(self, one: RowStatus, cells: RowCells) -> tuple[Choice, ...]:
        found = [
            Choice(
                f"event-{one.number}-{at}",
                _("In place of “%(event)s”") % {"event": problem.value[:60]},
                [("", _("Choose an event")), *self.events.items(), (REMOVE, _("No event: remove it"))],
            )
            for at, problem in enumerate(_unknown(one))
        ]
        if any(problem.code == Code.NO_EVENT for problem in one.errors):
            options = [("", _("Choose an event")), *self.events.items()]
            found.append(Choice(f"add-{one.number}", _("Event"), options))
        if any(problem.code == Code.MARK for problem in one.errors):
            found += [
                Choice(
                    f"mark-{one.number}-{column.position}",
                    column.title,
                    [("", _("Yes or no?")), ("yes", _("Yes")), ("no", _("No"))],
                )
                for column in cells.unclear_marks()
            ]
        return tuple(found)

    def _suggestions(self, one: RowStatus) -> tuple[Suggestion, ...]:
        found = [
            Suggestion(f"use_{problem.column}", f"{one.number}:{text}", _short(problem, text))
            for problem in (*one.errors, *one.warnings)
            for text in problem.offers
        ]
        found += [
            Suggestion("use_name", f"{one.number}:{problem.suggestion}", problem.suggestion)
            for problem in one.warnings
            if problem.code == Code.DOUBT and problem.suggestion
        ]
        found += [
            Suggestion("use_event", f"{one.number}:{at}:{','.join(slugs)}", self._names_of(slugs))
            for at, problem in enumerate(_unknown(one))
            for slugs in problem.events
        ]
        return tuple(found)

    def _names_of(self, slugs: Iterable[str]) -> str:
        return ", ".join(self.events[slug] for slug in slugs)

    def _event_choices(self, student: ListedStudent) -> tuple[tuple[str, str, bool], ...]:
        return tuple((slug, name, slug in student.events) for slug, name in self.events.items())


def _short(problem: Problem, text: str) -> str:
    """Return the label of a suggestion: of a mistyped address only the corrected domain."""
    return text.rpartition("@")[2] if problem.suggestion else text


def _unknown(one: RowStatus) -> list[Problem]:
    return [problem for problem in one.errors if problem.code == Code.EVENT and problem.value]


def _fields_for(problems: Iterable[Problem]) -> set[Meaning]:
    """Return the fields that help with these problems."""
    fields: set[Meaning] = set()
    for problem in problems:
        fields |= set(_FIELDS_FOR_CODE.get(problem.code, (problem.column,)))
    return fields & set(STUDENT_COLUMNS)


def _forecast_texts(one: RowStatus) -> tuple[str, ...]:
    forecast = one.forecast
    if forecast is None:
        return ()
    words = (*forecast.words, *(entry.words for entry in forecast.entries if entry.words))
    return tuple(dict.fromkeys(words))
