"""The status of a row and the summary of a list. No queries are needed."""

from typing import Any

import pytest

from registrations.class_lists.forecast import EntryForecast, Forecast, RowForecast
from registrations.class_lists.parse import Draft, ParsedList
from registrations.class_lists.row_status import Status, is_shown, row_statuses, summary, tabs
from registrations.models import ClassList
from registrations.spreadsheets.headers import Header
from registrations.spreadsheets.listing import Code, ListedStudent, Listing, Problem
from registrations.spreadsheets.meanings import Meaning
from registrations.spreadsheets.sheet import Sheet

OUTCOMES: list[tuple[tuple[str, ...], str]] = [
    (("seat",), "seat"),
    (("wait", "seat"), "seat"),
    (("wait", "already"), "wait"),
    (("already",), "registered"),
    (("clash",), "clash"),
    (("seat", "clash"), "seat"),
    (("full", "clash"), "clash"),
    (("full",), "refused"),
    (("ineligible", "already"), "registered"),
    ((), "ready"),
]


def draft_of(count: int, *problems: Problem) -> Draft:
    students = tuple(ListedStudent(row=row, name=f"Student {row}", grade=9) for row in range(count))
    found = ParsedList(Sheet(()), Header(0, ()), Listing(students, problems), {})
    return Draft(ClassList(), (), found)


def foreseen(*outcomes: tuple[str, ...], kind: Any = "new") -> Forecast:
    rows = {
        row: RowForecast(row, kind, entries=tuple(EntryForecast("race", one, "") for one in some))
        for row, some in enumerate(outcomes)
    }
    return Forecast(rows)


@pytest.mark.parametrize(("outcomes", "status"), OUTCOMES)
def test_row_counts_by_the_best_of_its_events(outcomes: tuple[str, ...], status: str) -> None:
    assert row_statuses(draft_of(1), foreseen(outcomes))[0].status == status


def test_counts_of_the_summary_add_up() -> None:
    outcomes = [("seat",)] * 43 + [("wait",)] * 12 + [("clash",)] * 3 + [()] * 2
    errors = [Problem(row, Meaning.GRADE, Code.GRADE, "wrong") for row in (58, 59)]
    rows = row_statuses(draft_of(60, *errors), foreseen(*outcomes)).values()
    assert summary(rows) == "60 students: 43 get a seat, 12 wait, 3 clash, 2 need fixing"
    assert [(tab.show, tab.count) for tab in tabs(rows, 4)] == [
        ("all", 60),
        ("problems", 2),
        ("clash", 3),
        ("wait", 12),
        ("seat", 43),
        ("left-out", 4),
    ]


def test_rows_to_fix_come_first_then_rows_to_check() -> None:
    odd = Problem(4, Meaning.EMAIL, Code.EMAIL, "odd", is_error=False)
    wrong = Problem(3, Meaning.EMAIL, Code.EMAIL, "wrong")
    rows = row_statuses(
        draft_of(6, wrong, odd), foreseen(("seat",), ("clash",), ("seat", "full"), (), ("seat",), ("seat",))
    )
    assert list(rows) == [3, 2, 4, 1, 0, 5]
    assert [row.number for row in rows.values() if is_shown(row, "look")] == [2, 4]


def test_doubtful_match_needs_fixing() -> None:
    assert row_statuses(draft_of(1), foreseen((), kind="doubt"))[0].status == Status.NEEDS_FIXING
