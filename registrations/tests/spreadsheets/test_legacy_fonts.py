"""Hindi names typed with Kruti Dev are recognised and offered in Unicode; names in Latin letters are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrations.spreadsheets.legacy_fonts import from_legacy_font, uses_legacy_font
from registrations.tests.builders.layouts import read, students, table_text

PAIRS = {
    "vk'kk jko": "आशा राव",
    "lqjs'k dqekj": "सुरेश कुमार",
    "fiz;adk 'kekZ": "प्रियंका शर्मा",
    "jke flag": "राम सिंह",
    "lhrk nsoh": "सीता देवी",
    "eksgu yky": "मोहन लाल",
    "vfer oekZ": "अमित वर्मा",
    'd`".k pUn': "कृष्ण चन्द",
    "iwtk xqIrk": "पूजा गुप्ता",
    "jkgqy ;kno": "राहुल यादव",
    "vfurk feJk": "अनिता मिश्रा",
    "vuqjk/kk flag": "अनुराधा सिंह",
    "/keZsUnz": "धर्मेन्द्र",
    "KkusUnz": "ज्ञानेन्द्र",
    "fot; dqekj": "विजय कुमार",
    "v{k; dqekj": "अक्षय कुमार",
}
LATIN = """Asha Rao|Ravi Das|D'Souza|d'cruz|o'brien|ben lee|Md. Iqbal|S. Karthik|Jose M.|Anne-Marie|farooq|qasim|lee
Mc'Donald|N'Golo|John/Jane|A.K. Singh|dev|om|Zeb|fizza|K.V. Rao|asha rao|ravi kumar|Rao, Asha|X Æ A-12|kk|मीरा"""
LATIN_NAMES = LATIN.replace("\n", "|").split("|")


@pytest.mark.parametrize(("typed", "name"), PAIRS.items())
def test_name_is_converted(typed: str, name: str) -> None:
    assert from_legacy_font(typed) == name


@given(st.lists(st.sampled_from([*PAIRS]), min_size=8, unique=True))
def test_list_of_such_names_is_recognised(names: list[str]) -> None:
    assert uses_legacy_font(names)


@given(st.lists(st.sampled_from(LATIN_NAMES), max_size=12))
def test_latin_names_are_left_alone(names: list[str]) -> None:
    assert not uses_legacy_font(names)


def test_one_such_name_among_others_is_left_alone() -> None:
    assert not uses_legacy_font(["vk'kk jko", *LATIN_NAMES])


def test_each_name_is_offered_in_unicode() -> None:
    rows = [["Name", "Class"], *([typed, "9"] for typed in PAIRS)]
    parsed = read(table_text(rows))
    offered = {problem.row: problem.options for problem in parsed.listing.problems if problem.options}
    assert offered == {at: (name,) for at, name in enumerate(PAIRS.values(), 2)}
    first = next(problem for problem in parsed.listing.problems if problem.row == 2 and problem.options)
    assert first.text == (
        "“vk'kk jko” is typed with an old Hindi font such as Kruti Dev, so programs show these letters. Did you mean "
        "“आशा राव”? To correct the whole list, convert it to Unicode and upload it again."
    )
    assert not first.is_error
    assert [one[1] for one in students(parsed)][:2] == [*PAIRS][:2]
