"""Text in every usual encoding is read, and what is a guess is offered in several readings."""

import contextlib
import csv
import random
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from registrations.spreadsheets.decoding import decode
from registrations.spreadsheets.encodings import decode_again, decodings, is_ambiguous
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.reader import read_file
from registrations.spreadsheets.sheet import Sheet
from registrations.tests.builders.spreadsheets import csv_bytes

WESTERN = (
    "José Núñez",
    "Zoë Müller",
    "Hélène Façade",
    "Søren Ærø",
    "João Simões",
    "Björk Öberg",
    "Renée O’Neil",
)
CENTRAL = ("Łukasz Żółć", "Šárka Dvořáková", "Ágnes Kovács", "Ştefan Ţară", "Đorđe Čović", "Győző Szűcs")
RUSSIAN = ("Иван Петров", "Наталья Ёлкина", "Сергей Щербаков", "Анна Жукова")
NAMES: dict[str, tuple[str, ...]] = {
    "windows-1252": WESTERN,
    "mac-roman": WESTERN,
    "cp850": WESTERN[:6],
    "windows-1250": CENTRAL,
    "iso8859-2": CENTRAL,
    "cp852": CENTRAL,
    "windows-1251": RUSSIAN,
    "koi8-r": RUSSIAN,
    "koi8-u": ("Олексій Шевченко", "Ганна Їжакевич", "Євген Ґудзь"),
    "iso8859-5": RUSSIAN,
    "iso8859-15": (*WESTERN[:6], "Œuvre Žižek"),
    "iso8859-7": ("Γιώργος Παπαδόπουλος", "Άννα Νικολάου"),
    "cp857": ("Işıl Yıldız", "Çağrı Şahin"),
    "cp866": RUSSIAN,
    "mac-cyrillic": RUSSIAN,
    "windows-1253": ("Γιώργος Παπαδόπουλος", "Ελένη Νικολάου", "Χρήστος Ζαφείρης"),
    "windows-1254": ("Işıl Yıldız", "Çağrı Şahin", "Gülşen Öztürk", "İbrahim Güneş"),
    "windows-1255": ("משה כהן", "שרה לוי"),
    "windows-1256": ("محمد علي", "فاطمة حسن"),
    "iso8859-6": ("محمد علي", "فاطمة حسن", "يوسف خالد"),
    "iso8859-8": ("משה כהן", "שרה לוי"),
    "cp720": ("محمد علي", "فاطمة حسن"),
    "cp862": ("משה כהן", "שרה לוי"),
    "windows-1257": ("Jūratė Žukauskienė", "Jānis Bērziņš", "Kristjan Õunapuu"),
    "cp874": ("สมชาย ใจดี", "มาลี สุขใจ"),
    "cp932": ("山田 太郎", "佐藤 花子", "スズキ ケンタ"),
    "euc_jp": ("山田 太郎", "佐藤 花子"),
    "gb18030": ("王小明", "李丽华", "张伟"),
    "big5hkscs": ("陳大文", "林美麗"),
    "cp949": ("김민수", "이영희"),
}


def table_of(names: tuple[str, ...]) -> list[list[str]]:
    return [["Name", "Grade", "Event"], *([name, "9", "Quiz"] for name in names)]


def decodings_of(sheet: Sheet) -> list[tuple[str, ...]]:
    """Return the names in each reading."""
    cells = [row.cells[0] for row in sheet.rows[1:]]
    doubtful = [cell for cell in cells if is_ambiguous(cell, sheet.encoding)]
    found = decodings(doubtful, sheet.encoding)
    return [tuple(decode_again(cell, sheet.encoding, one.encoding) for cell in doubtful) for one in found]


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", NAMES)
def test_right_reading_is_offered(encoding: str, delimiter: str, line_end: str) -> None:
    names = NAMES[encoding]
    sheet = read_file(csv_bytes(table_of(names), encoding=encoding, delimiter=delimiter, line_end=line_end))
    assert sheet.is_guess
    assert names in decodings_of(sheet)


@pytest.mark.parametrize("encoding", NAMES)
def test_right_reading_comes_first(encoding: str) -> None:
    """Where several encodings give plausible names, a later place is enough: a person decides."""
    names = NAMES[encoding]
    found = decodings_of(read_file(csv_bytes(table_of(names), encoding=encoding)))
    assert found.index(names) <= {"euc_jp": 2, "windows-1254": 1, "windows-1257": 1, "cp949": 1}.get(
        encoding, 0
    )


def test_each_single_name_is_offered_as_it_was_typed() -> None:
    missing = [
        (encoding, name, decodings_of(sheet))
        for encoding, names in NAMES.items()
        for name in names
        if not name.isascii()
        and (name,) not in decodings_of(sheet := read_file(csv_bytes(table_of((name,)), encoding=encoding)))
    ]
    assert missing == []


def test_file_of_utf_8_with_rows_of_another_encoding_offers_both_names() -> None:
    data = b"Name,Grade,Event\r\nZo\xc3\xab Das,9,Quiz\r\nJos\xe9 D\xedaz,9,Quiz\r\n"
    sheet = read_file(data)
    assert sheet.is_guess
    assert decodings_of(sheet)[0] == ("Zoë Das", "José Díaz")


def test_utf_8_cut_within_a_letter_keeps_the_other_names() -> None:
    data = "Name,Grade,Event\nZoë,9,Quiz\nJosé".encode()[:-1]
    assert decodings_of(read_file(data))[0][0] == "Zoë"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"])
def test_marked_text_and_utf_8_are_no_guess(encoding: str) -> None:
    table = table_of((*WESTERN, *RUSSIAN, "आशा राव", "王小明"))
    data = csv_bytes(table, encoding=encoding)
    if encoding == "gb18030":
        data = b"\x84\x31\x95\x33" + data
    sheet = read_file(data)
    assert ([list(row.cells) for row in sheet.rows], sheet.is_guess) == (table, False)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("names", [("Asha Rao",), ("आशा राव", "रवि दास"), ("王小明",), WESTERN])
@pytest.mark.parametrize("ending", ["", "\0\0\0", "\x1a"])
def test_unmarked_unicode_is_asked_about(encoding: str, names: tuple[str, ...], ending: str) -> None:
    table = table_of(names)
    data = csv_bytes(table, encoding=encoding) + ending.encode(encoding)
    sheet = read_file(data)
    assert ([list(row.cells) for row in sheet.rows], sheet.encoding) == (table, encoding)
    assert sheet.is_guess


@pytest.mark.parametrize("mark", ["\ufeff", "\ufeff\ufeff"])
def test_two_marks_are_no_part_of_the_first_title(mark: str) -> None:
    assert read_file(f"{mark}Name,Grade\nAsha,9\n".encode()).rows[0].cells == ("Name", "Grade")


def test_letters_written_in_ascii_are_asked_about() -> None:
    sheet = read_file(csv_bytes(table_of(("José Núñez", "Asha + Ben")), encoding="utf-7"))
    assert (sheet.is_guess, decodings_of(sheet)[0][0]) == (True, "José Núñez")
    mail = read_file(csv_bytes(table_of(("山田 太郎",)), encoding="iso2022_jp"))
    assert (mail.is_guess, mail.rows[1].cells[0]) == (True, "山田 太郎")


@pytest.mark.parametrize("cell", ["+91-98765 43210", "A+ - B", "C++ - team", "Quiz+Robo-Race"])
def test_plus_signs_alone_are_no_encoding(cell: str) -> None:
    assert not read_file(csv_bytes([["Name", "Phone"], ["Asha", cell]])).is_guess


@pytest.mark.parametrize("tail", [b"\x1a", b"\0" * 64, b"\x1a" + b"\0" * 100, b"\r\n\x1a", b"\0\0\r\n\x1a"])
@pytest.mark.parametrize("name", ["Asha Rao", "José Núñez"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252"])
def test_filler_at_the_end_is_no_row(tail: bytes, name: str, encoding: str) -> None:
    sheet = read_file(csv_bytes(table_of((name,)), encoding=encoding) + tail)
    assert [row.cells[0] for row in sheet.rows][:2] == ["Name", name]


def test_control_characters_are_kept_as_a_mark_for_their_row() -> None:
    sheet = read_file(b"Name,Grade,Event\r\nRavi Das\x1a,9,Quiz\r\nAsha\0Rao,9,Quiz\r\nBen,9,Quiz\r\n")
    assert [row.cells[0] for row in sheet.rows[1:]] == ["Ravi Das\ufffd", "Asha\ufffdRao", "Ben"]


def test_many_control_characters_are_no_list() -> None:
    with pytest.raises(FileRefused) as refused:
        read_file(b"Name\x1fGrade\x1fEvent\x1eAsha\x1f9\x1fQuiz\x1e")
    assert refused.value.code == "kind"


PLAIN_BYTES = st.binary(min_size=1, max_size=400).map(
    lambda data: data.translate(None, b"\0\x1a\xef\xff\xfe")
)


@given(PLAIN_BYTES.map(lambda data: b"Name\n" + data + b"|"))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    """A guess gives back every byte, so that another reading can still be chosen."""
    with contextlib.suppress(FileRefused):
        check_decoding(data)


def check_decoding(data: bytes) -> None:
    text, encoding, is_guess = decode(data)
    assert is_guess or encoding == "utf-8"
    assume("\ufffd" not in text)
    assert text.encode(encoding) == data


@given(
    encoding=st.sampled_from([*NAMES]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    line_end=st.sampled_from(["\r\n", "\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    tail=st.sampled_from([b"", b"\x1a", b"\0" * 9]),
    seed=st.integers(0, 10_000),
)
def test_any_names_in_any_dialect_are_offered(
    encoding: str, delimiter: str, line_end: str, quoting: int, tail: bytes, seed: int
) -> None:
    """Names are made of the given and family names of one language."""
    dice = random.Random(seed)
    words = sorted({word for name in NAMES[encoding] for word in name.split()})
    names = tuple(f"{dice.choice(words)} {dice.choice(words)}" for _ in range(dice.randint(2, 6)))
    assume(all(not name.isascii() for name in names))
    data = csv_bytes(
        table_of(names), encoding=encoding, delimiter=delimiter, line_end=line_end, quoting=quoting
    )
    sheet = read_file(data + tail)
    assert [row.cells[1:] for row in sheet.rows] == [("Grade", "Event"), *[("9", "Quiz")] * len(names)]
    assert names in decodings_of(sheet)


def test_reading_changes_the_cell_and_only_if_it_can() -> None:
    assert decode_again("Zo‘", "windows-1252", "mac-roman") == "Zoë"
    assert decode_again("आशा", "windows-1252", "mac-roman") == "आशा"
    assert decode_again("ZoÃ« Das", "windows-1252", "utf-8+windows-1252") == "Zoë Das"
    assert decode_again("José", "windows-1252", "cp932") == "José"


@pytest.mark.parametrize("data", [b"\xe9\x8d" * 1_000_000, b"Name,Grade\n" + b"\xe9\xe8,\xf1\n" * 1_000])
def test_long_text_of_unknown_encoding_is_read_quickly(data: bytes) -> None:
    began = time.process_time()
    sheet = read_file(data)
    decodings([cell for row in sheet.rows for cell in row.cells], sheet.encoding)
    assert time.process_time() - began < 5  # quadratic reading would take minutes


def test_encoding_without_a_letter_for_a_byte_is_not_taken() -> None:
    sheet = read_file("€éñ,añ\r\n".encode("windows-1252"))
    read = [decode_again(cell, sheet.encoding, "windows-1252") for cell in sheet.rows[0].cells]
    assert (read, sheet.is_guess) == (["€éñ", "añ"], True)
