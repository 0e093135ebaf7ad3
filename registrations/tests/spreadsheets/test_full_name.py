"""The name of a student from the columns that hold its parts."""

import pytest

from registrations.spreadsheets.full_name import full_name, is_last_first
from registrations.spreadsheets.meanings import Meaning

SHORT = {
    "n": Meaning.NAME,
    "g": Meaning.GIVEN_NAME,
    "m": Meaning.MIDDLE_NAME,
    "f": Meaning.FAMILY_NAME,
    "s": Meaning.SECOND_FAMILY_NAME,
    "t": Meaning.LAST_FIRST,
}


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        ({"g": "Asha", "f": "Rao"}, "Asha Rao"),
        ({"f": "Rao", "g": "Asha"}, "Asha Rao"),
        ({"g": "Asha", "m": "Kumari", "f": "Rao"}, "Asha Kumari Rao"),
        ({"g": "Asha", "m": "", "f": ""}, "Asha"),
        ({"g": "", "f": "Rao"}, "Rao"),
        ({"g": "Asha Rao", "f": "Rao"}, "Asha Rao"),
        ({"g": "Rao", "f": "Rao"}, "Rao Rao"),
        ({"n": "Asha Rao", "g": "Asha", "f": "Rao"}, "Asha Rao"),
        ({"n": "", "g": "Asha", "f": "Rao"}, "Asha Rao"),
        ({"n": "Asha", "f": "Rao"}, "Asha Rao"),
        ({"n": "Asha Rao", "f": "Rao"}, "Asha Rao"),
        ({"n": "Karthik", "f": "S"}, "Karthik S"),
        ({"n": "Müller", "g": "Jörg"}, "Jörg Müller"),
        ({"n": "Jörg Müller", "g": "Jörg"}, "Jörg Müller"),
        ({"g": "Juan", "m": "Carlos", "f": "García", "s": "López"}, "Juan Carlos García López"),
        ({"n": "Juan Carlos", "f": "García", "s": "López"}, "Juan Carlos García López"),
        ({"n": "Juan García López", "f": "García", "s": "López"}, "Juan García López"),
        ({"g": "Ana", "f": "Ruiz", "s": ""}, "Ana Ruiz"),
        ({"g": "李", "n": "小龙"}, "李小龙"),
        ({"g": "김", "n": "민준"}, "김민준"),
        ({"t": "Rao, Asha"}, "Asha Rao"),
        ({"t": "Asha Rao"}, "Asha Rao"),
        ({"t": "Rao, Asha, Kumari"}, "Rao, Asha, Kumari"),
        ({"n": ""}, ""),
        ({}, ""),
    ],
)
def test_parts_of_a_name_are_joined(cells: dict[str, str], name: str) -> None:
    assert full_name({SHORT[part]: text for part, text in cells.items()}) == name


@pytest.mark.parametrize("text", ["Asha Rao", "Asha Rao, Jr.", "Asha Rao, 9A", "Asha, Ben, Chitra", "Rao,"])
def test_comma_of_something_else_turns_no_name(text: str) -> None:
    assert not is_last_first(text)


def test_last_name_before_the_comma() -> None:
    assert is_last_first("Rao, Asha")
    assert is_last_first("de la Cruz, María José")
