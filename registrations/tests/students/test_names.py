"""How names are stored and compared."""

import random
import string
from typing import Any

import pytest
from django.db import transaction

from registrations.fields import TextField
from registrations.models import School, SchoolAlias
from registrations.schools import find_or_create_school
from registrations.students.names import (
    clean_text,
    email_key,
    label_key,
    mailbox_key,
    name_key,
    school_key,
)
from registrations.tests.builders import build_school

PRINTABLE = "".join(chr(number) for number in range(32, 127))
FAMILY = "👩\u200d👩\u200d👧"


def test_text_decomposed_is_stored_composed() -> None:
    assert clean_text("Nguye\u0302\u0303n") == "Nguyễn"


def test_text_with_joiners_keeps_them() -> None:
    assert clean_text(f"{FAMILY} क्\u200dष") == f"{FAMILY} क्\u200dष"


def test_text_with_invisible_marks_loses_them() -> None:
    assert clean_text("\ufeffAsha\u200b \u202eRao\u2069") == "Asha Rao"


def test_text_with_any_white_space_has_single_spaces() -> None:
    assert clean_text(" \tAsha\u00a0\r\n  Rao ") == "Asha Rao"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Asha Rao", "  asha   RAO "),
        ("O'Brien-Ñandú", "O’BRIEN Ñandú"),
        ("Nguyễn", "Nguye\u0302\u0303n"),
        ("Ａｓｈａ", "Asha"),
        ("Straße", "STRASSE"),
        ("A. P. J. Abdul Kalam", "A P J Abdul Kalam"),
        ("Asha, Rao", "Asha Rao"),
        ("İpek", "İPEK"),
        ("Asha Rao", "Asha\u3164Rao\u2800"),
        ("Asha", "A\ufe0fsh\u034fa\U000e0100\u180e"),
    ],
)
def test_name_key_of_two_spellings_is_one(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Asha Rao", "Usha Rao"),
        ("मीरा", "मीरू"),  # only a vowel sign apart
        ("कि", "की"),
        ("Peña", "Pena"),
        ("Asha Rao", "Asharao"),
    ],
)
def test_name_key_of_two_names_is_two(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize("text", ["Asha\u3164\uffa0Rao", "\u2800Asha \u1160Rao\u2800"])
def test_letters_that_are_drawn_as_a_space_are_one(text: str) -> None:
    assert clean_text(text) == "Asha Rao"


@pytest.mark.parametrize("name", ["\u3164", "\u2800\uffa0", "\ufe0f"])
def test_key_of_a_text_that_is_not_drawn_is_empty(name: str) -> None:
    assert (name_key(name), label_key(name), school_key(name)) == ("", "", "")


def test_emoji_keeps_its_variation_selector() -> None:
    assert clean_text("❤\ufe0f Asha") == "❤\ufe0f Asha"


@pytest.mark.parametrize("name", ["!!!", "🤖", "'", "`", "..."])
def test_name_key_of_punctuation_only_is_not_empty(name: str) -> None:
    assert name_key(name) == name


@pytest.mark.parametrize("name", ["Asha Rao", "O'Brien-Ñandú", "İpek ǅ", "ﬁﬂ", "आरव शर्मा"])
def test_name_key_of_a_key_is_itself(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@pytest.mark.parametrize("label", ["9-A", "9 a", "９Ａ", "9.A ", "9\u2800A\ufe0f"])
def test_label_key_ignores_case_and_separators(label: str) -> None:
    assert label_key(label) == "9A"


@pytest.mark.parametrize("name", ["St. Mary's", "St Marys", "ST MARY’S", "st  mary`s"])
def test_school_key_is_blind_to_apostrophes(name: str) -> None:
    assert school_key(name) == "st marys"


def test_email_key_ignores_case() -> None:
    assert email_key(" Foo@Example.ORG ") == "foo@example.org"


def test_email_key_of_two_domains_is_two() -> None:
    """Full case folding would let one owner read the links of the other."""
    assert email_key("kid@straße.example") != email_key("kid@strasse.example")


def test_email_key_keeps_what_stands_after_plus() -> None:
    assert email_key("kid+robotics@x.org") == "kid+robotics@x.org"


def test_mailbox_key_ignores_what_stands_after_plus() -> None:
    assert mailbox_key("Kid+robotics@x.org") == mailbox_key("kid@X.org") == "kid@x.org"


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["St. Mary's High School", "st marys HIGH school", "St Marys", "ST. MARYS"])
def test_school_typed_as_name_or_alias_is_found(typed: str) -> None:
    school = build_school("St. Mary's High School")
    SchoolAlias.objects.create(school=school, name="St Marys", key=school_key("St Marys"))
    assert find_or_create_school(typed) == school


@pytest.mark.django_db
def test_unknown_school_is_pending_and_created_once() -> None:
    school = find_or_create_school("Brand New School")
    assert find_or_create_school("brand-new school") == school
    assert list(School.objects.values_list("name", "state")) == [("Brand New School", "pending")]


class LongWay(str):
    """A text that takes the way of texts in any script."""

    __slots__ = ()

    def isascii(self) -> bool:
        return False


def test_ascii_shortcuts_make_the_same_texts_and_keys() -> None:
    chosen = random.Random(12)
    characters = [chr(number) for number in range(128)] + list(string.ascii_letters + "    ''.-") * 3
    for _ in range(20_000):
        text = "".join(chosen.choices(characters, k=chosen.randrange(24)))
        for function in (clean_text, name_key, label_key, school_key):
            assert function(text) == function(LongWay(text)), (function, text)


def test_shortcut_of_the_field_accepts_what_the_long_way_accepts() -> None:
    field = TextField(max_characters=30, too_long="too long", required=False)
    chosen = random.Random(12)
    for _ in range(2000):
        text = "".join(chosen.choices(f"{PRINTABLE}          ", k=chosen.randrange(24)))
        # A mark that nobody sees sends the text the long way, which removes it.
        assert field.clean(text) == field.clean(f"{text}\u200b")


@pytest.mark.django_db
def test_school_that_awaits_acceptance_is_looked_up_once(django_assert_num_queries: Any) -> None:
    school = build_school(name="Hill School", state=School.State.PENDING)
    assert find_or_create_school("Hill School") == school
    with django_assert_num_queries(0):
        assert find_or_create_school("hill  school") == school


@pytest.mark.django_db
def test_school_of_a_refused_registration_is_not_remembered() -> None:
    with transaction.atomic():
        find_or_create_school("Brand New School")
        transaction.set_rollback(True)
    assert find_or_create_school("Brand New School") == School.objects.get()
