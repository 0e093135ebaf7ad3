"""Columns of a class list that hold answers: their title is a question of the fest or of an event."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from registrations.models import Answer, Question
from registrations.questions.fields import answer_field, stored
from registrations.spreadsheets.cells import read_mark
from registrations.spreadsheets.headers import Column, Header
from registrations.spreadsheets.meanings import NAME_PARTS, STUDENT_COLUMNS, Meaning
from registrations.students.names import name_key
from techfest.core.text import has_mark_run

Kind = Question.Kind
_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[ T]00:00(?::00)?")
"""How a workbook gives a cell that holds a day."""
_BETWEEN = re.compile(r"[;,\n]")
_LONGEST_TITLE = 400


def column_key(question: Question) -> str:
    """The name of the question in the stored columns of a list."""
    return f"q{question.pk}"


def column_title(question: Question) -> str:
    """The title of its column in the template, by which it is recognised; that of an event's names the event."""
    return f"{question.event.name}: {question.text}" if question.event else question.text


def with_answers(header: Header, questions: Mapping[str, Question]) -> Header:
    """The header with the columns that are titled by a question.

    The whole title must be the question, so it counts more than what single words of it look like. Only the columns of
    a student's own details stay as they are.
    """
    if not questions:
        return header
    keys = _keys_by_title(questions.items())
    columns, used = [], set()
    for column in header.columns:
        key = "" if _is_own(column) else keys.get(_title_key(column.title), "")
        if key and key not in used:
            used.add(key)
            column = replace(column, meaning=Meaning.ANSWER, event=key, is_repeated=False)
        columns.append(column)
    return Header(header.row, tuple(columns))


def _is_own(column: Column) -> bool:
    return column.meaning in (*STUDENT_COLUMNS, *NAME_PARTS)


def _keys_by_title(questions: Iterable[tuple[str, Question]]) -> dict[str, str]:
    """A question of an event is also known by its text alone, unless two have that text."""
    texts: dict[str, set[str]] = {}
    for key, question in questions:
        for title in (column_title(question), question.text):
            texts.setdefault(name_key(title), set()).add(key)
    return {title: min(keys) for title, keys in texts.items() if title and len(keys) == 1}


def _title_key(title: str) -> str:
    return "" if len(title) > _LONGEST_TITLE or has_mark_run(title) else name_key(title)


class AnswerCells:
    """Reads cells as answers, with the fields of the forms, each made once a list."""

    def __init__(self, questions: Mapping[str, Question]) -> None:
        self.questions = questions
        self._fields: dict[str, forms.Field] = {}

    def read(self, key: str, text: str) -> str:
        """The answer as it is stored, empty for an empty cell. Raises `ValidationError`."""
        question = self.questions[key]
        if not text.strip():
            return ""
        if key not in self._fields:
            self._fields[key] = answer_field(question)
        return stored(question, self._fields[key].clean(_typed(question, text)))


def _typed(question: Question, text: str) -> str | list[str]:
    """What a person would have sent in the form for this cell."""
    match question.kind:
        case Kind.YES_NO:
            mark = read_mark(text)
            if mark is None:
                raise ValidationError(_("Write yes or no"))
            return Answer.YES if mark else Answer.NO
        case Kind.ONE:
            return _option(question, text)
        case Kind.SEVERAL:
            whole = {name_key(option): option for option in question.options}.get(name_key(text))
            pieces = [one for one in _BETWEEN.split(text) if one.strip()]
            return [whole] if whole else [_option(question, piece) for piece in pieces]
        case Kind.DATE:
            found = _MIDNIGHT.fullmatch(text.strip())
            return found[1] if found else text
        case _:
            return text


def _option(question: Question, text: str) -> str:
    wanted = name_key(text)
    for option in question.options:
        if name_key(option) == wanted:
            return option
    words = _("Write one of these: %(options)s")
    raise ValidationError(words % {"options": ", ".join(question.options)[:300]})
