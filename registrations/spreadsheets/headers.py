"""Find the title row of a sheet and what each column means."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.spreadsheets.cells import is_given, read_mark
from registrations.spreadsheets.event_index import EventIndex
from registrations.spreadsheets.sheet import MAX_HEADING_ROWS, Row, Sheet
from registrations.students.fields import LIST_COLUMNS
from registrations.students.names import name_key


class Meaning(StrEnum):
    """What a column holds; NONE is an unknown column, which is reported."""

    NAME = "name"
    GRADE = "grade"
    SECTION = "section"
    ROLL_NUMBER = "roll_number"
    EMAIL = "email"
    EVENTS = "events"
    EVENT_MARK = "event_mark"
    NUMBER = "number"
    PROBLEM = "problem"
    NONE = ""


STUDENT_COLUMNS = {Meaning(name): column for name, column in LIST_COLUMNS.items()}
"""The columns of a student's own fields, in the order of the form. A list has at most one of each."""
LABELS = {
    **{meaning: column.heading for meaning, column in STUDENT_COLUMNS.items()},
    Meaning.EVENTS: gettext_lazy("Events"),
}
_TITLES = {
    **{meaning: column.titles for meaning, column in STUDENT_COLUMNS.items()},
    Meaning.EVENTS: (
        "event|events|event name|event names|name of event|name of the event|name of events|competition"
        "|competitions|competition name|name of competition|activity|activities|contest|contests|workshop"
        "|events participating|participating in|participating events|registered for|category event|choice"
        "|प्रतियोगिता|प्रतियोगिताएं|कार्यक्रम|स्पर्धा|இந்நிகழ்வு|நிகழ்வு"
    ),
    Meaning.NUMBER: "no|nr|s no|sno|sr no|srno|serial|serial no|serial number|sl no|slno|sl|sr|क्रम|क्रमांक|क्र|क्र सं",
    Meaning.PROBLEM: "problem|problems",
}
_MEANINGS = {name_key(text): meaning for meaning, titles in _TITLES.items() for text in titles.split("|")}

LONGEST_TITLE = 200
"""Characters of a title that are examined; a longer title is unknown."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `position` counts from 0, `event` is the slug of the event whose marks it holds."""

    position: int
    title: str
    meaning: Meaning
    event: str = ""
    is_repeated: bool = False
    """An earlier column has the same meaning, so this one is not used."""

    @property
    def letter(self) -> str:
        """The column's name in a spreadsheet: A, Z, AA."""
        letters, rest = "", self.position + 1
        while rest:
            rest, letter = divmod(rest - 1, 26)
            letters = chr(65 + letter) + letters
        return letters

    @property
    def is_extra(self) -> bool:
        """Whether the column is unknown; serial numbers and our own problem column are not reported."""
        return self.meaning == Meaning.NONE


@dataclass(frozen=True, slots=True)
class Header:
    """The number of the title row (0 if there is none) and the columns from left to right."""

    row: int
    columns: tuple[Column, ...]

    @property
    def extra(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.is_extra and column.title)

    @property
    def problem(self) -> str:
        """A sentence about missing columns; empty if students can be read."""
        found = {column.meaning for column in self.columns}
        missing = [str(LABELS[meaning]) for meaning in (Meaning.NAME, Meaning.GRADE) if meaning not in found]
        if not missing:
            return ""
        if len(missing) == 1:
            return _(
                "The list has no column “%(column)s”. Write this title above the column that holds it."
            ) % {"column": missing[0]}
        return _("The list must have a row with the titles “Name” and “Grade” above the students.")


def find_header(sheet: Sheet, events: Iterable[str] = ()) -> Header:
    """Return the first of the top rows with the most recognised columns.

    At least two columns must be recognised, or all if there are fewer; otherwise the first row is taken for titles,
    and `problem` says so. `events` are event names: a column with one of them as its title holds marks.
    """
    known = EventIndex({str(at): name for at, name in enumerate(events)})
    best = Header(0, ())
    for row in sheet.rows[:MAX_HEADING_ROWS]:
        header = Header(row.number, _columns(sheet, row, known))
        if _recognised(header) > _recognised(best):
            best = header
    enough = min(2, sheet.width)
    if _recognised(best) >= enough or not sheet.rows:
        return best
    return Header(sheet.rows[0].number, _columns(sheet, sheet.rows[0], known))


def meaning_of(title: str) -> Meaning:
    """Return the meaning of a title, ignoring case, punctuation, a number at the end and remarks in brackets."""
    title = title[:LONGEST_TITLE]
    for text in (title, title.partition("(")[0], title.partition("/")[0], title.partition("/")[2]):
        key = name_key(text)
        if meaning := _MEANINGS.get(key) or _MEANINGS.get(_without_number(key)):
            return meaning
    return Meaning.NONE


def _recognised(header: Header) -> int:
    return sum(column.meaning != Meaning.NONE and not column.is_repeated for column in header.columns)


def _columns(sheet: Sheet, row: Row, events: EventIndex) -> tuple[Column, ...]:
    columns: list[Column] = []
    for position in range(sheet.width):
        title = " ".join(row.cell(position).split())
        meaning, event = meaning_of(title), events.title(title)
        if event and _is_event(
            meaning, [one.cell(position) for one in sheet.rows if one.number > row.number], events
        ):
            meaning = Meaning.EVENT_MARK
        else:
            event = ""
        repeated = _is_repeated(meaning, columns)
        columns.append(Column(position, title, Meaning.NONE if repeated else meaning, event, repeated))
    return tuple(columns)


def _is_event(meaning: Meaning, below: Sequence[str], events: EventIndex) -> bool:
    """Return whether a title that is the name of an event is meant as one.

    “Workshop 1” may also be a title above names of events: then the cells below decide, which say yes or no.
    """
    if meaning not in (Meaning.EVENTS, Meaning.NUMBER):
        return meaning == Meaning.NONE
    cells = [text for text in below if is_given(text)]
    has_marks = bool(cells) and all(read_mark(text) is not None for text in cells)
    return has_marks and not all(events.whole(text).slugs for text in cells)


def _is_repeated(meaning: Meaning, before: Sequence[Column]) -> bool:
    return meaning in STUDENT_COLUMNS and any(column.meaning == meaning for column in before)


def _without_number(key: str) -> str:
    """Return the title without digits at its end, in any script: "event 2" and "event2" are "event"."""
    return key.rstrip(
        "".join(character for character in key if unicodedata.category(character) == "Nd") + " "
    )
