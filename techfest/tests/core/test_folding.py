"""Tests of `techfest.core.folding`: what a search ignores, and what it never does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techfest.core.folding import APOSTROPHES, SEPARATORS, fold
from techfest.tests.support.steps import counted
from techfest.tests.support.worst_texts import worst_texts

SAME = [
    ("muller", "Müller", "MÜLLER", "Mu\u0308ller", "Ｍüller", "M\u00adüller", "mÜller\u200e"),
    ("obrien", "O'Brien", "O’Brien", "O´Brien", "O`Brien", "OʼBrien", "Oʻbrien", "O＇Brien", "OBrien"),
    ("nkosi", "ŉkosi", "Nkosi"),
    ("dsouza", "D'Souza", "DSouza"),
    ("isil", "Işıl", "IŞIL", "İŞİL", "ışıl", "Isil"),
    ("lukasz", "Łukasz", "ŁUKASZ", "lukasz"),
    ("strasse", "Straße", "STRAẞE", "STRASSE"),
    ("helene", "Hélène", "HELENE", "He\u0301le\u0300ne"),
    ("nguyen van a", "Nguyễn Văn A", "NGUYỄN VĂN A"),
    ("dordevic", "Đorđević", "ĐORĐEVIĆ"),
    ("aeroskobing", "Ærøskøbing", "ÆRØSKØBING"),
    (
        "anne marie",
        "Anne-Marie",
        "Anne‐Marie",
        "Anne – Marie",
        "Anne\u00a0Marie",
        "Anne\u3164Marie",
        "Anne.Marie",
    ),
    ("елкин", "Ёлкин", "ЁЛКИН", "Елкин"),
    ("παπαδοπουλοσ", "Παπαδόπουλος", "ΠΑΠΑΔΟΠΟΥΛΟΣ"),
    ("محمد احمد", "محمّد أحمد", "محـمد احمد"),
    ("علي", "علی", "على"),
    ("रवि कुमार", "रवि कुमार", "रवि\u200d कुमार"),
    ("फिरोज", "फ़िरोज़", "फिरोज"),
    ("हंस", "हँस"),
    ("चंद्र", "चन्द्र"),
    ("हिंदी", "हिन्दी"),
    ("प्रियांका", "प्रियाङ्का"),
    ("abd al aziz", "ʿAbd al-ʿAzīz"),
    ("12", "१२", "١٢", "１２", "௧௨"),
    ("ชัย", "ชัย"),
    ("c++", "C++", "Ｃ＋＋"),
]


@pytest.mark.parametrize("spellings", SAME, ids=lambda spellings: str(spellings[0]))
def test_spellings_of_one_name_fold_alike(spellings: tuple[str, ...]) -> None:
    assert {fold(one) for one in spellings} == {spellings[0]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("कुमार", "कमार"),
        ("रवि", "रवा"),
        ("कर्ण", "करण"),
        ("C", "C++"),
        ("C++", "C#"),
        ("Ann Amaria", "Anna Maria"),
        ("வள்ளி", "வளளி"),
        ("が", "か"),
    ],
)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(text=st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_folded_text_is_single_spaced_and_has_no_sign_that_is_ignored(text: str) -> None:
    folded = fold(text)
    assert folded == " ".join(folded.split())
    assert not set(folded.replace(" ", "")) & {*SEPARATORS, *APOSTROPHES}


@given(
    words=st.lists(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1), min_size=1),
    mark=st.sampled_from("\u0300\u0301\u0302\u0303\u0308\u0327\u0328\u0331\u0323"),
)
def test_accents_case_and_apostrophes_change_nothing(words: list[str], mark: str) -> None:
    plain = " ".join(words)
    marked = "".join(f"{letter}{mark}’" if letter != " " else letter for letter in plain.upper())
    assert fold(marked) == fold(plain) == plain


@given(text=worst_texts(2000))
def test_any_text_is_folded_in_linear_time(text: str) -> None:
    with counted(has_lines=False) as steps:
        fold(text)
    assert steps.normalized <= 70 * (len(text) + 1)
