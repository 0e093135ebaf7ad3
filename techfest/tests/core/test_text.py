"""Normalisation takes linear time for any text."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from techfest.core.text import MAX_MARKS, Form, has_mark_run, has_visible, is_blank, normalized, shortened
from techfest.core.text_limits import validate_marks
from techfest.tests.support.steps import cost_of, counted
from techfest.tests.support.worst_texts import MARKS, worst_texts

FORMS: tuple[Form, ...] = ("NFC", "NFD", "NFKC", "NFKD")


def stacked(many: int) -> str:
    return "a" + "".join(MARKS[at % 2] for at in range(many))


def test_cost_of_a_run_grows_with_its_square() -> None:
    """Negative control: the counter sees the quadratic cost of `unicodedata.normalize`."""
    assert cost_of(stacked(5000)) > 5000**2
    assert cost_of(stacked(MAX_MARKS) * 160) < 40 * 5000


@pytest.mark.parametrize("form", FORMS)
@given(text=worst_texts(5000))
def test_any_text_is_normalised_in_linear_time(form: Form, text: str) -> None:
    with counted() as steps:
        normalized(form, text)
    assert steps.normalized <= 2 * MAX_MARKS * (len(text) + 1)


@given(text=st.text(max_size=200), form=st.sampled_from(FORMS))
def test_text_within_the_limit_is_normalised_as_ever(text: str, form: Form) -> None:
    assert has_mark_run(text) or normalized(form, text) == unicodedata.normalize(form, text)


@pytest.mark.parametrize("before", [0, 1, 29, 30, 31, 32, 1000])
@pytest.mark.parametrize(
    ("many", "is_run"), [(0, False), (MAX_MARKS, False), (MAX_MARKS + 1, True), (900, True)]
)
def test_run_is_found_wherever_it_stands(before: int, many: int, *, is_run: bool) -> None:
    text = "é" * before + stacked(many)
    assert has_mark_run(text) is is_run
    assert has_mark_run(text + "b") is is_run


def test_field_says_what_to_do_about_a_run() -> None:
    validate_marks(stacked(MAX_MARKS))
    with pytest.raises(ValidationError) as refused:
        validate_marks(stacked(MAX_MARKS + 1))
    assert refused.value.messages == [
        "Remove the accents that are stacked on one letter: it can carry 30 at most"
    ]


@given(text=worst_texts(2000), limit=st.integers(1, 300))
def test_shortened_text_is_small_and_still_refused(text: str, limit: int) -> None:
    short = shortened(text, limit)
    assert len(short) <= limit + 1
    assert not has_mark_run(short) or max(len(run) for run in _mark_runs(short)) == MAX_MARKS + 1
    is_refused = len(text) > limit or has_mark_run(text)
    assert (len(short) > limit or has_mark_run(short)) is is_refused
    assert is_refused or short == text


def test_shortening_a_long_run_takes_a_few_lines_of_python() -> None:
    """Per character it took a second for 820 cells, which is all that the reader of workbooks has."""
    text = stacked(4980)
    shortened(text, 5000)  # compiles the pattern
    with counted() as steps:
        assert shortened(text, 5000) == stacked(MAX_MARKS + 1)
    assert steps.lines < 300


UNDRAWN = {
    "Hangul filler": "\u3164",
    "its half-width form": "\uffa0",
    "Hangul initial filler": "\u115f",
    "Hangul vowel filler": "\u1160",
    "Braille blank": "\u2800",
    "null notehead": "\U0001d159",
    "soft hyphen": "\u00ad",
    "grapheme joiner": "\u034f",
    "Khmer inherent vowel": "\u17b4",
    "Mongolian variation selector": "\u180b",
    "Mongolian vowel separator": "\u180e",
    "joiner": "\u200d",
    "mark of direction": "\u200f",
    "invisible plus": "\u2064",
    "variation selector": "\ufe0f",
    "byte order mark": "\ufeff",
    "object replacement": "\ufffc",
    "shorthand overlap": "\U0001bca0",
    "beam of notes": "\U0001d173",
    "tag": "\U000e0041",
    "variation selector 17": "\U000e0100",
}


@pytest.mark.parametrize("text", [*UNDRAWN.values(), "".join(UNDRAWN.values()), " \u00a0\u3000\u1680"])
def test_text_that_is_not_drawn_is_blank_and_shows_nothing(text: str) -> None:
    assert (is_blank(text * 3), has_visible(text * 3)) == (True, False)
    assert (is_blank(f"{text}A{text}"), has_visible(f"{text}A{text}")) == (False, True)


@pytest.mark.parametrize("text", ["A", "1", "!", "❤", "अ", "가", "ᄀ", "⠁", "𝄞"])
def test_text_that_is_drawn_is_seen(text: str) -> None:
    assert (is_blank(text), has_visible(text)) == (False, True)


@pytest.mark.parametrize("text", ["\u0301", "\x00"])
def test_stray_mark_is_neither_blank_nor_visible(text: str) -> None:
    assert (is_blank(text), has_visible(text)) == (False, False)


def _mark_runs(text: str) -> list[str]:
    marked = "".join(one if unicodedata.category(one)[0] == "M" else "\n" for one in text)
    return [run for run in marked.split("\n") if run]
