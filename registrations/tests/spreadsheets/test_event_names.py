"""A cell that is the whole name of an event is that event; several names are found between any separators."""

import itertools

import pytest
from django.utils.text import slugify
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from registrations.class_lists.parse import parse_file
from registrations.spreadsheets import workbook_process
from registrations.spreadsheets.event_index import EventIndex
from registrations.spreadsheets.event_names import EventNames
from registrations.spreadsheets.headers import find_header
from registrations.spreadsheets.listing import Listing
from registrations.spreadsheets.meanings import Meaning
from registrations.spreadsheets.reader import read_file
from registrations.spreadsheets.sheet import Row, Sheet
from registrations.spreadsheets.writer import titles_of_template, xlsx_template
from registrations.tests.builders.spreadsheets import csv_bytes, xlsx_bytes
from techfest.core.spreadsheet_cells import guarded, unguarded
from techfest.tests.support.steps import counted

NAMES = (
    "AI | ML Quiz", "Debate; junior", "Quiz; final", "Quiz", "Final", "C", "C++", "C#", "Chess", "2. Chess",
    "Art, Craft & Design", "Rock & Roll", "Code/Debug", "Either/Or and More", "कविता पाठ", "नाटक",
    "Robo-Race", "Quiz: “Who, me?”", "=SUM", "24 × 7 – Hack", "• Dot", "Line\nTwo", "IT + Me",
)  # fmt: skip


def events_of(names: tuple[str, ...]) -> dict[str, str]:
    return {(slugify(name) or "event") + f"-{at}": name for at, name in enumerate(names)}


EVENTS = events_of(NAMES)
SLUGS = {name: slug for slug, name in EVENTS.items()}


def read(text: str, events: dict[str, str] = EVENTS) -> tuple[list[str], list[str]]:
    """Return the names of the events in a cell and the values of its problems."""
    slugs, problems = EventNames(events).read(2, text)
    return [events[slug] for slug in slugs], [problem.value for problem in problems]


@pytest.mark.parametrize("name", NAMES)
def test_whole_name_is_the_event(name: str) -> None:
    assert read(name) == ([name], [])


@pytest.mark.parametrize("separator", ["; ", ", ", "\n", " | "])
def test_two_names_in_one_cell_are_two_events(separator: str) -> None:
    pairs = [*itertools.permutations(NAMES, 2)]
    wanted: dict[str, tuple[list[str], list[str]]] = {
        f"{one}{separator}{other}": ([one, other], []) for one, other in pairs
    }
    wanted |= {text: (["Quiz; final"], []) for text in ("Quiz; Final", "Quiz; final") if text in wanted}
    assert {text: read(text) for text in wanted} == wanted


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("ai | ml quiz", ["AI | ML Quiz"]),
        ("AI, ML quiz", ["AI | ML Quiz"]),
        ("Debate, Junior", ["Debate; junior"]),
        ("quiz, final", ["Quiz", "Final"]),
        ("C++ and C#", ["C++", "C#"]),
        ("C & C++ & C#", ["C", "C++", "C#"]),
        ("c#/c++/chess", ["C#", "C++", "Chess"]),
        ("Rock and Roll", []),
        ("Rock & Roll & Chess", ["Rock & Roll", "Chess"]),
        ("1. Chess\n2. Quiz", ["Chess", "Quiz"]),
        ("1) Chess 2) Quiz", ["Chess", "Quiz"]),
        ("1.Chess 2.Quiz", ["Chess", "Quiz"]),
        ("Chess > Quiz", ["Chess", "Quiz"]),
        ("• Chess\n• Quiz", ["Chess", "Quiz"]),
        ("Chess और नाटक", ["Chess", "नाटक"]),
        ("Chess، Quiz", ["Chess", "Quiz"]),
        ("Chess、Quiz；नाटक", ["Chess", "Quiz", "नाटक"]),
        ("Robo\nRace", ["Robo-Race"]),
        ("Chess; n/a; -;; Quiz", ["Chess", "Quiz"]),
        ("Art, Craft & Design, Quiz", ["Art, Craft & Design", "Quiz"]),
        ("Art Craft Design; Quiz", ["Art, Craft & Design", "Quiz"]),
        ("“AI | ML Quiz”, Chess", ["AI | ML Quiz", "Chess"]),
    ],
)
def test_names_as_people_write_them(cell: str, names: list[str]) -> None:
    assert read(cell) == (names, [] if names else [cell])


@pytest.mark.parametrize(
    "cell",
    ["Event 2", "event-2", "Event-14", "event-14-x", "C Sharp", "C+", "D#", "2", "AI", "ML Quiz", "Debate"],
)
def test_what_is_no_name_is_refused(cell: str) -> None:
    events = {
        "event-1": "कविता",
        "event-2": "नाटक",
        **events_of(("AI | ML Quiz", "Debate; junior", "C", "D")),
    }
    assert read(cell, events) == ([], [cell])


def test_slug_stands_for_an_event_only_if_another_has_its_name() -> None:
    events = {"quiz-1": "Quiz", "quiz-2": "Quiz", "chess": "Schach"}
    assert read("quiz-2; Schach", events) == (["Quiz", "Schach"], [])
    assert read("chess", events) == ([], ["chess"])
    assert read("Quiz", events) == ([], ["Quiz"])


def test_names_that_differ_in_punctuation_only_are_told_apart() -> None:
    events = events_of(("Quiz!", "Quiz?", "QUIZ"))
    assert read("Quiz?; QUIZ; Quiz!", events) == (["Quiz?", "QUIZ", "Quiz!"], [])
    (problem,) = EventNames(events).read(2, "Quiz.")[1]
    assert problem.text == "Several events are called “Quiz.”. Write one of: Quiz!, Quiz?, QUIZ"


LETTERS = "aBcé9कनчшأب文"
SEPARATORS = ";,|/&+#-. :()[]'\"=@!?•–"  # a dash
WORDS = (
    "and",
    "2.",
    "C",
    "C++",
    "C#",
    "AI",
    "Quiz",
    "Event",
    "final",
    "x",
    "yes",
    "1",
    "Name",
    "Event 1",
    "none",
)


def names() -> st.SearchStrategy[str]:
    texts = st.text(alphabet=LETTERS + SEPARATORS, min_size=1, max_size=20)
    words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)
    mixed = st.builds(
        lambda some, between: between.join(some), words, st.sampled_from([" ", "; ", " | ", ", ", "/"])
    )
    cleaned = st.one_of(texts, mixed).map(lambda text: " ".join(text.split()))
    return cleaned.filter(lambda text: any(character.isalnum() for character in text))


PUPILS = ("Asha Rao", "Bilal Khan", "Chen Li", "Divya Iyer", "Esther Paul", "Farid Ali")
FESTS = st.lists(names(), min_size=1, max_size=6, unique_by=lambda name: name.casefold())


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(fest=FESTS, chosen=st.lists(st.integers(0, 5), min_size=1, max_size=6), as_csv=st.booleans())
def test_template_reads_back_whatever_the_events_are_called(
    fest: list[str], chosen: list[int], as_csv: bool
) -> None:
    """The names are those in the drop-down list; a fest whose list shows one text twice cannot be told apart."""
    events = events_of(tuple(fest))
    offered = [guarded(name) for name in fest]
    assume(all(unguarded(text) == name for text, name in zip(offered, fest, strict=True)))
    assert [
        row[0]
        for row in workbook_process.read(xlsx_template(grades=range(5, 13), events=fest))["sheets"][0]["rows"]
    ]
    wanted = [at % len(fest) for at in chosen]
    titles = [title for _meaning, title in titles_of_template()]
    table = [titles, *([PUPILS[n], "9", "", "", "", offered[at], "", ""] for n, at in enumerate(wanted))]
    listed = listing_of(read_file(csv_bytes(table)) if as_csv else workbook_of(table), events)
    assert listed.problems == ()
    assert [student.events for student in listed.students] == [(list(events)[at],) for at in wanted]


def workbook_of(table: list[list[str]]) -> Sheet:
    """Read in this process, which takes a hundredth of the time of a process for each table."""
    rows = workbook_process.read(xlsx_bytes(table))["sheets"][0]["rows"]
    return Sheet(tuple(Row(number, tuple(cells)) for number, cells in rows))


def listing_of(sheet: Sheet, events: dict[str, str]) -> Listing:
    return parse_file(sheet, grades=range(5, 13), events=events).listing


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(fest=FESTS, chosen=st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True))
def test_chosen_events_are_written_as_they_are_read(fest: list[str], chosen: list[int]) -> None:
    """What a correction on the preview page writes into the cell."""
    events = events_of(tuple(fest))
    found = EventNames(events)
    slugs = list(dict.fromkeys(list(events)[at % len(fest)] for at in chosen))
    text = found.joined([], *slugs)
    assert found.read(2, text) == (slugs, [])
    assert found.read(2, found.joined([text], slugs[0]))[0] == [*slugs, slugs[0]]


def test_one_unknown_name_is_replaced_among_others() -> None:
    found = EventNames(EVENTS)
    text = found.replaced("AI | ML Quiz, Ches, Debate; junior", "Ches", SLUGS["Chess"])
    assert read(text) == (["AI | ML Quiz", "Chess", "Debate; junior"], [])
    assert read(found.replaced("AI | ML Quiz, Ches", "Ches")) == (["AI | ML Quiz"], [])


@pytest.mark.parametrize(
    ("title", "event"),
    [
        *((name, name) for name in NAMES if "\n" not in name),
        ("c++", "C++"),
        ("AI / ML Quiz", "AI | ML Quiz"),
        ("Chess (yes/no)", "Chess"),
        ("Chess [x]", "Chess"),
        ("Which events? [2. Chess]", "2. Chess"),
        ("Event: नाटक", "नाटक"),
    ],
)
def test_title_of_a_column_of_ticks_is_an_event(title: str, event: str) -> None:
    marks = ["x", "yes", "1", "✓", "", "no"]
    table = [["Name", "Grade", title], *([f"Child {n}", "9", mark] for n, mark in enumerate(marks))]
    listed = listing_of(workbook_of(table), EVENTS)
    assert [student.events for student in listed.students] == [(SLUGS[event],)] * 4 + [()] * 2


def test_untitled_columns_beside_the_events_hold_events_too() -> None:
    """A title merged over three columns, or a cell whose commas were not quoted."""
    table = [
        ["Name", "Grade", "Events", "", ""],
        ["Asha Rao", "9", "Quiz", "Chess", ""],
        ["Ravi Das", "9", "Quiz", "", "C++"],
    ]
    listed = listing_of(workbook_of(table), EVENTS)
    assert [[EVENTS[slug] for slug in student.events] for student in listed.students] == [
        ["Quiz", "Chess"],
        ["Quiz", "C++"],
    ]
    assert listed.problems == ()


@pytest.mark.parametrize(
    ("delimiter", "name"), [(";", "Debate; junior"), ("|", "AI | ML Quiz"), (",", "Art, Craft & Design")]
)
def test_name_with_the_delimiter_of_the_file_and_no_quotes_is_the_event(delimiter: str, name: str) -> None:
    rows = ["Name;Grade;Event", "Asha Rao;9;!", "Ravi Das;9;Quiz", "Meera Iyer;9;Chess"]
    text = "\n".join(rows).replace(";", delimiter).replace("!", name)
    listed = listing_of(read_file(text.encode()), EVENTS)
    assert [student.events for student in listed.students] == [
        (SLUGS[name],),
        (SLUGS["Quiz"],),
        (SLUGS["Chess"],),
    ]
    assert listed.problems == ()


def test_untitled_column_of_other_words_is_reported() -> None:
    table = [
        ["Name", "Grade", "Events", ""],
        ["Asha Rao", "9", "Quiz", "vegan"],
        ["Ravi Das", "9", "Quiz", "nuts"],
    ]
    listed = listing_of(workbook_of(table), EVENTS)
    assert [problem.is_error for problem in listed.problems] == [False]
    assert {student.events for student in listed.students} == {(SLUGS["Quiz"],)}


def test_name_of_the_event_below_itself_is_a_tick() -> None:
    table = [["Name", "Grade", "Quiz", "C#"], ["Asha Rao", "9", "Quiz", ""], ["Ravi Das", "9", "", "c#"]]
    table.append(["Meera Iyer", "9", "C#", "x"])
    listed = listing_of(workbook_of(table), EVENTS)
    assert [student.events for student in listed.students[:2]] == [(SLUGS["Quiz"],), (SLUGS["C#"],)]
    assert [(problem.row, problem.value) for problem in listed.problems] == [(4, "C#")]


@pytest.mark.parametrize("title", ["Chess (juniors)", "D#", "Event 2", "Quizz"])
def test_title_that_only_resembles_an_event_is_none(title: str) -> None:
    header = find_header(
        Sheet((Row(1, ("Name", "Grade", title)),)),
        EventIndex(events_of(("Chess", "D", "कविता", "नाटक", "Quiz"))),
    )
    assert (header.columns[2].event, header.columns[2].meaning != Meaning.EVENT_MARK) == ("", True)


def test_title_of_two_events_marks_neither() -> None:
    header = find_header(Sheet((Row(1, ("Name", "Grade", "Quiz")),)), EventIndex({"a": "Quiz", "b": "Quiz"}))
    assert header.extra[0].title == "Quiz"


@pytest.mark.parametrize(
    ("cell", "meaning"), [("x", Meaning.EVENT_MARK), ("Quiz", Meaning.EVENTS), ("", Meaning.EVENTS)]
)
def test_event_called_like_a_title_is_told_by_what_stands_below(cell: str, meaning: Meaning) -> None:
    sheet = Sheet((Row(1, ("Name", "Grade", "Event 1")), Row(2, ("Asha", "9", cell))))
    assert (
        find_header(sheet, EventIndex({"event-1": "Event 1", "quiz": "Quiz"})).columns[2].meaning == meaning
    )


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["a/", "a;", ";", "/", "a & ", "क, ", "-;", "n/a;", "C++ ", "a. "])
def test_long_cell_of_separators_costs_few_steps_and_is_one_problem(unit: str) -> None:
    events = EventNames(events_of((*NAMES, ";,|" * 39 + "x", "a/" * 59 + "b")))
    cell = unit * (4_000 // len(unit))
    with counted() as steps:
        slugs, problems = events.read(2, cell)
    assert (slugs, len(problems)) == ([], 0 if unit in (";", "-;", "n/a;") else 1)
    assert steps.lines < 400_000
