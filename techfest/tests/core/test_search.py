"""Tests of `techfest.core.search`: the same names are found in memory and in the database, and no others."""

import re

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from registrations.models import School
from techfest.core import search
from techfest.core.folding import APOSTROPHES, REPLACED, SEPARATORS, WIDE, fold
from techfest.core.text import has_mark_run

NAMES = [
    "Jürgen Müller",
    "Conan O’Brien",
    "Işıl Şahin",
    "Łukasz Wałęsa",
    "Anna Straße",
    "Anne-Marie D'Souza",
    "Søren Kierkegård",
    "रवि कुमार",
    "प्रिया शर्मा",
    "Nguyễn Văn Anh",
    "محمّد أحمد",
    "王小明",
    "Karthik Subramanian",
    "C++ Contest",
    "C# Contest",
]
FOUND = [
    ("muller", "Jürgen Müller"),
    ("MÜLLER jurgen", "Jürgen Müller"),
    ("mueller", "Jürgen Müller"),
    ("muler", "Jürgen Müller"),
    ("mulelr", "Jürgen Müller"),
    ("juergen mueller", "Jürgen Müller"),
    ("obrien", "Conan O’Brien"),
    ("o brien", "Conan O’Brien"),
    ("O'Brien", "Conan O’Brien"),
    ("o´brian", "Conan O’Brien"),
    ("brien", "Conan O’Brien"),
    ("isil", "Işıl Şahin"),
    ("IŞIL", "Işıl Şahin"),
    ("ISIL SAHIN", "Işıl Şahin"),
    ("lukasz", "Łukasz Wałęsa"),
    ("ŁUKASZ walesa", "Łukasz Wałęsa"),
    ("lukas", "Łukasz Wałęsa"),
    ("strasse", "Anna Straße"),
    ("STRAẞE", "Anna Straße"),
    ("strase", "Anna Straße"),
    ("annemarie", "Anne-Marie D'Souza"),
    ("anne-marie", "Anne-Marie D'Souza"),
    ("anne marie dsouza", "Anne-Marie D'Souza"),
    ("D Souza", "Anne-Marie D'Souza"),
    ("d-souza", "Anne-Marie D'Souza"),
    ("soren", "Søren Kierkegård"),
    ("kierkegaard", "Søren Kierkegård"),
    ("रवि", "रवि कुमार"),
    ("रवी", "रवि कुमार"),
    ("कुमार रवि", "रवि कुमार"),
    ("प्रिया", "प्रिया शर्मा"),
    ("शर्म", "प्रिया शर्मा"),
    ("कुमार", "रवि कुमार"),
    ("nguyen", "Nguyễn Văn Anh"),
    ("محمد", "محمّد أحمد"),
    ("小明", "王小明"),
    ("subramaniam", "Karthik Subramanian"),
    ("karthick", "Karthik Subramanian"),
    ("kartik", "Karthik Subramanian"),
    ("c++", "C++ Contest"),
    ("C#", "C# Contest"),
]
NOT_FOUND = [
    ("kumari", "Anna Straße"),
    ("kamran", "रवि कुमार"),
    ("ana", "Anne Marie"),
    ("sara", "Asa Rao"),
    ("ravi", "Davis"),
    ("carl", "Karim"),
    ("asha", "Ashok"),
    ("rao", "Roa"),
    ("priyanka", "Priya"),
    ("anil sharma", "Anil Verma"),
    ("कमल", "कुमार"),
    ("c++", "C# Contest"),
    ("王大明", "王小明月"),
    ("...", "Anna"),
    ("'", "O'Brien"),
    ("", "Anna"),
    ("%", "Anna"),
    ("[^ ]*", "Anna"),
    ("a|b", "Anna"),
]


def in_database(names: list[str], text: str) -> set[str]:
    """The names that a search in a table finds."""
    School.objects.all().delete()
    School.objects.bulk_create(School(name=name, key=str(at)) for at, name in enumerate(names))
    rows, _is_similar = search.found_rows(School.objects.all(), text, ["name"])
    return {school.name for school in rows}


@pytest.mark.django_db
@pytest.mark.parametrize(("text", "name"), FOUND)
def test_typed_text_finds_the_name(text: str, name: str) -> None:
    assert name in search.found(NAMES, text, str)
    assert in_database(NAMES, text) == set(search.found(NAMES, text, str))


@pytest.mark.django_db
@pytest.mark.parametrize(("text", "name"), NOT_FOUND)
def test_other_names_are_not_found(text: str, name: str) -> None:
    assert search.found([name], text, str) == []
    assert in_database([name], text) == set()


def test_similar_names_are_only_shown_where_none_is_as_typed() -> None:
    assert search.found(["Jon", "John", "Johan"], "john", str) == ["John"]
    assert search.found(["Jhon", "Johan"], "john", str) == ["Jhon", "Johan"]


LETTERS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=5, max_size=12)


@given(word=LETTERS, other=LETTERS, data=st.data())
def test_one_typo_in_any_letter_is_forgiven(word: str, other: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    typed = data.draw(
        st.sampled_from(
            [
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at + 1 :],
                word[:at] + letter + word[at:],
                word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
                word + letter,
            ]
        )
    )
    assert search.found([f"{other} {word}"], typed, str)


@given(word=LETTERS, cut=st.integers(2, 4), filling=st.sampled_from(["zq", "qz", "jx"]))
def test_two_wrong_letters_are_not_forgiven(word: str, cut: int, filling: str) -> None:
    typed = word[:cut] + filling + word[cut:]
    assert not search.found([word], typed, str)


SIGNS = st.one_of(
    st.sampled_from([*"aAzZ09üÜéłŁßẞæÆøıİkK+#", *SEPARATORS, *APOSTROPHES, *REPLACED, *WIDE]),
    st.sampled_from("रविकुमा़र्ँंॐதமிழ்മലബাংlabاأآحمدּשׁはがパ王한ёйЁΆάςΣ"),
    st.sampled_from("\u00ad\u200b\u200d\ufeff\u0301\u0327\u3164\u2800ﬁＡ①½ŉǽǼ"),
)


@pytest.mark.django_db
@given(texts=st.lists(st.text(alphabet=SIGNS, max_size=12), min_size=20, max_size=20))
def test_database_folds_as_python_does(texts: list[str]) -> None:
    texts = [text for text in texts if not has_mark_run(text)]
    assert dict(folded_in_database(texts)) == {text: fold(text) for text in texts}


@pytest.mark.django_db
def test_database_folds_every_letter_of_the_usual_scripts_as_python_does() -> None:
    """Also letters that no example draws: Latin, Greek, Cyrillic, Hebrew, Arabic, and the Indian scripts."""
    ranges = [
        (0x20, 0x530),
        (0x590, 0x700),
        (0x900, 0xE00),
        (0x1E00, 0x2070),
        (0xFB00, 0xFB50),
        (0xFF00, 0xFFE0),
    ]
    letters = [chr(point) for first, last in ranges for point in range(first, last)]
    different = {
        letter
        for letter, folded in folded_in_database([f"x{letter}x" for letter in letters])
        if folded != fold(letter)
    }
    assert different == set()


def folded_in_database(texts: list[str]) -> list[tuple[str, str]]:
    sql = School.objects.values_list("name__folded").query.sql_with_params()[0]
    column = '"registrations_school"."name"'
    folded = sql[len("SELECT ") : sql.index(" FROM ")].split(" AS ")[0].replace(column, "name")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name, {folded} FROM unnest(%s::text[]) AS name", [texts])
        return [(name, " ".join(text.split())) for name, text in cursor.fetchall()]


@pytest.mark.parametrize(
    "text",
    [
        "ABC-2345",
        "abc-2345",
        "ABC2345",
        "abc 2345",
        "Ref: ABC-2345",
        "ref abc2345",
        "Reference: a b c 2 3 4 5",
        "Referenz ABC‑2345",
        "(ABC-2345)",
        "#ABC-2345",
        "Asha Rao, ABC–2345",
        "ＡＢＣ－２３４５",
        "ABC-२३४५",
        "Ref:ABC-2345",
    ],
)
def test_reference_is_read_as_it_is_printed(text: str) -> None:
    assert "ABC2345" in search.typed_codes(text)


@pytest.mark.parametrize("text", ["", "ABC-234", "ABC-23456", "Asha Rao", "XABC-2345", "A" * 500])
def test_other_text_is_no_reference(text: str) -> None:
    assert "ABC2345" not in search.typed_codes(text)


def test_pattern_of_a_long_text_stays_short() -> None:
    words = search.read("a" * 5000 + " " + "b " * 5000 + "karthik" * 20)
    assert len(words.letters) <= search.MAX_WORDS
    patterns = words.patterns(has_typos=True) + search.read("a" * search.LONGEST_WITH_TYPO).patterns(
        has_typos=True
    )
    assert max(map(len, patterns)) < 20_000
    assert all(re.compile(pattern) for pattern in patterns)


def test_patterns_of_many_long_words_stay_short_together() -> None:
    letters = "abcdefghijklmnopqrstuvwxyzabcd"
    words = search.read(" ".join(letters[at:] + letters[:at] for at in range(6)))
    patterns = words.patterns(has_typos=True)
    assert len(patterns) == 6
    assert sum(map(len, patterns)) < 20_000
