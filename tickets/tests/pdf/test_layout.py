from pathlib import Path

from fontTools.ttLib import TTFont

from tickets.fonts.build import all_characters, ranges
from tickets.pdf.layout import FONTS, has_substitute, printable


def test_coverage_lists_what_the_fonts_have() -> None:
    assert (FONTS / "coverage.txt").read_text().split() == ranges(all_characters())


def test_every_font_is_under_the_open_font_licence() -> None:
    assert {licence_of(file) for file in FONTS.glob("*.ttf")} == {"scripts.sil.org/OFL"}
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / "OFL.txt").read_text()


def test_every_font_has_a_space() -> None:
    # A space is drawn in its neighbours' font: without one, an empty box stands between two names.
    assert [file.name for file in FONTS.glob("*.ttf") if not has_space(file)] == []


def has_space(file: Path) -> bool:
    with TTFont(file) as font:
        return 0x20 in font.getBestCmap()


def licence_of(file: Path) -> str:
    with TTFont(file) as font:
        return str(font["name"].getDebugName(14)).partition("://")[2]


def test_fonts_stay_small_in_the_repository() -> None:
    assert sum(file.stat().st_size for file in FONTS.glob("*.ttf")) < 8_000_000


def test_names_in_many_scripts_are_printed_as_typed() -> None:
    names = [
        "O'Brien-Ñandú", "李小龙", "張偉", "आरव शर्मा", "தமிழ்", "محمد", "پرویز", "Nguyễn", "👨‍👩‍👧", "👩🏽‍🚀", "김철수",
        "さくら", "Γιώργος", "Андрей", "বিজয়", "ਗੁਰਪ੍ਰੀਤ", "ગીતા", "ଓଡ଼ିଆ", "తెలుగు", "ಕನ್ನಡ", "മലയാളം", "שרה", "สมชาย",
    ]  # fmt: skip

    assert [name for name in map(printable, names) if has_substitute(name)] == []


def test_decomposed_name_is_composed() -> None:
    assert printable("Nguye\u0302\u0303n") == "Nguyễn"


def test_character_without_a_shape_is_printed_as_its_code_point() -> None:
    assert printable("𠮷野") == "[U+20BB7]野"
    assert printable("\U00013080" * 5 + " Rao") == "[U+13080 +4] Rao"


def test_control_characters_and_direction_changes_are_removed() -> None:
    assert printable("\u202eAsha\x00\r\n Rao\u2028") == "Asha Rao"
