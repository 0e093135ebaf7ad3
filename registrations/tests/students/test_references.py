"""Drawn references: seven signs without look-alikes, in which no rude word can be read."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from registrations.models import Student
from registrations.students import references
from registrations.students.names import ALPHABET
from registrations.students.references import is_rude, random_reference
from registrations.tests.builders import build_event, build_fest, build_submission
from tickets.checkin.lookup import Kind, read

WORDS = (
    *(
        "anal",
        "anus",
        "arse",
        "ass",
        "bastard",
        "bitch",
        "boob",
        "butt",
        "chink",
        "chod",
        "chutiya",
        "cock",
        "coon",
    ),
    *(
        "crap",
        "cum",
        "cunt",
        "damn",
        "dick",
        "dyke",
        "fag",
        "fick",
        "fotze",
        "fuck",
        "gaand",
        "hitler",
        "homo",
        "hure",
    ),
    *(
        "jerk",
        "kike",
        "kutta",
        "kurwa",
        "madarchod",
        "merde",
        "nazi",
        "neger",
        "nigga",
        "nigger",
        "nuts",
        "paki",
    ),
    *(
        "penis",
        "pimp",
        "piss",
        "porn",
        "prick",
        "pussy",
        "puta",
        "putain",
        "rape",
        "randi",
        "retard",
        "sau",
        "scheisse",
    ),
    *(
        "schwul",
        "sex",
        "shit",
        "sikim",
        "slut",
        "spic",
        "suck",
        "tits",
        "turd",
        "twat",
        "wank",
        "whore",
        "wichser",
    ),
)
"""Written out, with vowels: none of them is in the rule itself."""
READ_AS = {"a": "A4", "b": "B8", "e": "E3", "g": "G69", "i": "I1", "l": "L1", "o": "O0", "s": "S5", "t": "T7"}
READ_AS |= {"u": "UV", "z": "Z2", "c": "CKQ", "k": "KCQ"}


def shape(word: str) -> str:
    return "".join(f"[{READ_AS.get(letter, letter.upper())}]" for letter in word)


RUDE = re.compile("|".join(map(shape, WORDS)))


def drawn(many: int) -> set[str]:
    return {random_reference() for _ in range(many)}


def test_reference_has_seven_signs_without_look_alikes() -> None:
    found = drawn(2000)
    assert len(found) > 1990
    assert {len(reference) for reference in found} == {7}
    assert set("".join(found)) == set(references.DRAWN) < set(ALPHABET)
    assert set(ALPHABET) & set("01ILO") == set()


def test_no_reference_can_be_read_as_a_rude_word() -> None:
    found = drawn(20_000)
    assert [reference for reference in found if RUDE.search(reference)] == []
    skeletons = (
        "FCK",
        "FQK",
        "SHT",
        "5HT",
        "CNT",
        "BTCH",
        "8TCH",
        "NGR",
        "N66R",
        "KKK",
        "XXX",
        "WTF",
        "SX",
        "5X",
        "88",
        "69",
    )
    assert [reference for reference in found if any(one in reference for one in skeletons)] == []


def test_draw_of_before_would_have_been_rude() -> None:
    """Negative control: the patterns find words in the alphabet of before."""
    assert RUDE.search("FVCK234")
    assert RUDE.search("2A55R78")
    assert RUDE.search("5EX2345")


@pytest.mark.parametrize(
    "reference", ["FCK2222", "2F9T7BD", "N6GR222", "B7CH5HT", "7W7222D", "BKKK222", "D88DBBD", "XX5XXX2"]
)
def test_word_without_vowels_is_rude(reference: str) -> None:
    assert is_rude(reference)


@pytest.mark.parametrize("reference", ["BDF2579", "KRM7PGW", "2345678"])
def test_other_letters_are_not_rude(reference: str) -> None:
    assert not is_rude(reference)


@pytest.mark.django_db
def test_reference_of_before_stays_valid(client: Client) -> None:
    build_submission(build_event(build_fest()))
    Student.objects.update(reference="ASS3E4U")
    assert read("Ref: ass-3e4u") == read("ASS3E4U")
    assert read("ASS3E4U").kind == Kind.REFERENCE
    assert reverse("teacher:student", args=["ASS3E4U"])
