"""What is asked about an unknown event: no event that the cell may hold is lost, and none of several is chosen."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrations.spreadsheets.event_guesses import MAX_GUESSES, EventGuesses, Guess
from registrations.spreadsheets.event_index import EventIndex
from registrations.spreadsheets.event_names import EventNames

EVENTS = {
    "quiz": "Quiz",
    "robo": "Robo Race",
    "dj": "Debate (Junior)",
    "ds": "Debate (Senior)",
    "hack": "AI / ML Hackathon",
    "paper": "Paper Presentation",
    "tug": "Tug-of-War",
    "solo": "Solo Dance",
    "group": "Group Dance",
}


def guess(text: str) -> Guess:
    return EventGuesses(EventIndex(EVENTS)).guess(text)


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ("Robo Rase", ("robo",)),
        ("Robo", ("robo",)),
        ("Quizz", ("quiz",)),
        ("Inter-school quiz", ("quiz",)),
        ("Quiz (team of 2)", ("quiz",)),
        ("Tug of", ("tug",)),
        ("Hackaton", ("hack",)),
    ],
)
def test_one_event_is_offered(text: str, slugs: tuple[str, ...]) -> None:
    assert guess(text) == Guess(slugs)


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ("Debate", ("dj", "ds")),
        ("debte", ("dj", "ds")),
        ("Dance", ("solo", "group")),
        ("Danse", ("solo", "group")),
    ],
)
def test_several_events_are_offered_and_none_is_chosen(text: str, slugs: tuple[str, ...]) -> None:
    assert guess(text) == Guess(slugs)


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ("Quiz Robo Race", ("quiz", "robo")),
        ("Quizz. Robo Rase.", ("quiz", "robo")),
        ("quiz robo rase", ("quiz", "robo")),
        ("Robo race with quizz", ("robo", "quiz")),
        ("Quiz Tug of war paper presentation", ("quiz", "tug", "paper")),
    ],
)
def test_all_events_of_the_text_are_offered_together(text: str, slugs: tuple[str, ...]) -> None:
    assert guess(text) == Guess(slugs, are_all_meant=True)


@pytest.mark.parametrize("text", ["Quiz Debate", "Quiz & dance", "Robo race junior", "Painting", "", "99"])
def test_nothing_is_offered_that_would_lose_an_event(text: str) -> None:
    assert guess(text) == Guess()


@given(
    names=st.lists(st.sampled_from([*EVENTS.values()]), min_size=2, max_size=3, unique=True),
    joiner=st.sampled_from([" ", "  ", ". ", " - ", "/", " & ", " and ", ": ", " + "]),
    case=st.sampled_from([str, str.lower, str.upper]),
    dropped=st.integers(0, 40),
)
def test_no_event_of_several_is_lost(names: list[str], joiner: str, case: type[str], dropped: int) -> None:
    """Also with a letter left out, the cell is read, or all of its events are offered, or none is chosen."""
    text = case(joiner.join(names))
    text = text[:dropped] + text[dropped + 1 :]
    found, problems = EventNames(EVENTS).read(2, text)
    offered = [problem.events[0] for problem in problems if len(problem.events) == 1]
    if len(offered) == len(problems):
        meant = {*found, *itertools.chain.from_iterable(offered)}
        assert meant == {slug for slug, name in EVENTS.items() if name in names}


@pytest.mark.parametrize(("one", "other"), [*itertools.permutations(["Quiz", "Robo Race", "Tug-of-War"], 2)])
@pytest.mark.parametrize("joiner", [". ", ".\n", " . ", ".  "])
def test_full_stop_separates_two_events(one: str, other: str, joiner: str) -> None:
    slugs = {name: slug for slug, name in EVENTS.items()}
    for end in ("", "."):
        found, problems = EventNames(EVENTS).read(2, f"{one}{joiner}{other}{end}")
        assert (found, problems) == ([slugs[one], slugs[other]], [])


@pytest.mark.parametrize(
    "name", ["2. Chess", "Dr. Who Quiz", "St. Mary's Quiz", "Code Quest 2.0", "Vol. 1", "A. B. C."]
)
def test_full_stop_in_a_name_separates_nothing(name: str) -> None:
    assert EventNames({"it": name, "quiz": "Quiz"}).read(2, name) == (["it"], [])
    assert EventNames({"it": name, "quiz": "Quiz"}).read(2, f"Quiz; {name}") == (["quiz", "it"], [])


def test_choices_in_order_of_preference_are_events() -> None:
    found = EventNames(EVENTS).read(2, "Quiz (first choice), Robo Race (2nd preference); Solo Dance [3]")
    assert found == (["quiz", "robo", "solo"], [])


def test_question_names_all_alternatives() -> None:
    (problem,) = EventNames(EVENTS).read(2, "Debate")[1]
    assert problem.text == (
        "There is no event “Debate”. Which did you mean: “Debate (Junior)”, “Debate (Senior)”?"
    )
    assert problem.events == (("dj",), ("ds",))
    (problem,) = EventNames(EVENTS).read(2, "Quiz Robo Race")[1]
    assert problem.text == (
        "There is no event “Quiz Robo Race”. Did you mean all of these: “Quiz”, “Robo Race”?"
    )
    assert problem.events == (("quiz", "robo"),)


def test_many_unknown_names_are_compared_up_to_a_limit() -> None:
    guesses = EventGuesses(EventIndex(EVENTS))
    for number in range(MAX_GUESSES):
        guesses.guess(f"nothing {number} of the kind")
    assert guesses.guess("Robo Rase") == Guess()
