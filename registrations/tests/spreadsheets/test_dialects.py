"""CSV files in the dialects of real programs, and quotation marks that would merge rows."""

import contextlib
import csv
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.reader import read_file, read_paste

PLAIN = [("Name", "Grade", "Event"), ("Asha Rao", "9", "Quiz"), ("Ravi Das", "10", "Robo Race")]


def rows_in(text: str) -> list[tuple[str, ...]]:
    return [row.cells for row in read_file(text.encode()).rows]


@pytest.mark.parametrize(
    "text",
    [
        "Name|Grade|Event\nAsha Rao|9|Quiz\nRavi Das|10|Robo Race\n",
        "Name^Grade^Event\nAsha Rao^9^Quiz\nRavi Das^10^Robo Race\n",
        "Name，Grade，Event\nAsha Rao，9，Quiz\nRavi Das，10，Robo Race\n",
        "Name,Grade,Event\x85Asha Rao,9,Quiz\x85Ravi Das,10,Robo Race\x85",
        "Name,Grade,Event\u2028Asha Rao,9,Quiz\u2028Ravi Das,10,Robo Race",
        "sep=|\nName|Grade|Event\nAsha Rao|9|Quiz\nRavi Das|10|Robo Race\n",
        '"sep=;"\r\nName;Grade;Event\r\nAsha Rao;9;Quiz\r\nRavi Das;10;Robo Race\r\n',
        "sep=\t\r\nName\tGrade\tEvent\r\nAsha Rao\t9\tQuiz\r\nRavi Das\t10\tRobo Race\r\n",
        'Name, Grade, Event\nAsha Rao, 9, Quiz\n"Ravi Das", 10, "Robo Race"\n',
        "Name,Grade,Event\r\r\nAsha Rao,9,Quiz\r\r\nRavi Das,10,Robo Race\r\r\n",
        '"Name,Grade,Event"\n"Asha Rao,9,Quiz"\n"Ravi Das,10,Robo Race"\n',
        '"Name;""Grade"";Event"\n"Asha Rao;9;Quiz"\n"Ravi Das;10;""Robo Race"""\n',
        'Name,Grade,Event\n"Asha Rao,9,Quiz"\n"Ravi Das,""10"",Robo Race"\n',
        "'Name','Grade','Event'\n'Asha Rao','9','Quiz'\n'Ravi Das','10','Robo Race'\n",
        'Name,Grade,Event\n="Asha Rao",="9",="Quiz"\n"=""Ravi Das""","=""10""",Robo Race\n',
        "\ufeffName,Grade,Event\nAsha Rao,9,Quiz\n\ufeffRavi Das,10,Robo Race\n",
        '"Name" ;"Grade" ;"Event"\n"Asha Rao" ;"9" ;"Quiz"\n"Ravi Das" ;"10" ;"Robo Race"\n',
    ],
)
def test_dialect_is_read(text: str) -> None:
    assert [tuple(cell.strip() for cell in row) for row in rows_in(text)] == PLAIN


@pytest.mark.parametrize("cell", ['="a"&"b"', "=1+1", '=HYPERLINK("x","y")', '="a', "=SUM(A1)"])
def test_other_formula_stays_as_it_is(cell: str) -> None:
    text = ";".join(["Asha", "9", '"' + cell.replace('"', '""') + '"'])
    assert rows_in(f"Name;Grade;Event\n{text}\n")[1] == ("Asha", "9", cell)


def test_hint_in_utf_16_is_no_row() -> None:
    data = "sep=;\r\nName;Grade\r\nAsha, Rao;9\r\n".encode("utf-16")
    assert [row.cells for row in read_file(data).rows] == [("Name", "Grade"), ("Asha, Rao", "9")]


def test_table_drawn_with_bars_is_read() -> None:
    text = "| Name | Grade | Event |\n|------|:-----:|-------|\n| Asha Rao | 9 | Quiz |\n"
    assert [tuple(cell.strip() for cell in row) for row in rows_in(text)] == [
        ("", "Name", "Grade", "Event"),
        ("", "Asha Rao", "9", "Quiz"),
    ]


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ('"Ravi "Rav" Das"', 'Ravi "Rav" Das'),
        ('"Ravi "Rav""', 'Ravi "Rav"'),
        ('""Rav" Das"', '"Rav" Das'),
        ('"Das, "Rav" Ravi"', 'Das, "Rav" Ravi'),
        ('"Ravi \\"Rav\\" Das"', 'Ravi "Rav" Das'),
        ('"Rav" Das', '"Rav" Das'),
        ('"Ravi ""Rav"" Das"', 'Ravi "Rav" Das'),
        ('Ravi "Rav" Das', 'Ravi "Rav" Das'),
        ('"Das, Ravi"', "Das, Ravi"),
    ],
)
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_quotation_marks_inside_a_name_stay(cell: str, read: str, line_end: str) -> None:
    text = line_end.join(["Name,Grade,Event", "Asha,9,Quiz", f"{cell},10,Quiz", 'Meera,9,"Quiz"', ""])
    assert rows_in(text) == [
        ("Name", "Grade", "Event"), ("Asha", "9", "Quiz"), (read, "10", "Quiz"), ("Meera", "9", "Quiz"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "row"),
    [
        (['"Asha Rao,9,A,Quiz', "Ravi Das,9,A,Quiz", 'Meera Iyer,9,A,"Quiz"'], 2),
        (['"Asha Rao,9,A,Quiz', "Ravi Das,9,A,Quiz"], 2),
        (['"Asha Rao,9,A,Quiz', '"Ravi Das,9,A,Quiz', "Meera Iyer,9,A,Quiz"], 2),
        (['"Asha Rao,9,A,Quiz', 'Ravi Das,9,A,Quiz"'], 2),
        (["Asha Rao,9,A,Quiz", '"Ravi Das,9,A,Quiz', "Meera Iyer,9,A,Quiz", 'Dev,9,A,"Quiz"'], 3),
        (['Asha Rao,9,"A,Quiz', "Ravi Das,9,A,Quiz", 'Meera Iyer,9,A,"Quiz"'], 2),
        (['Asha Rao,9,A,"Quiz', "Ravi Das,9,A,Quiz", 'Meera Iyer,9,A,"Quiz"'], 2),
        (['Asha Rao,9,"A,Quiz', "Ravi Das,9,A,Quiz", 'Meera Iyer,9,A",Quiz'], 2),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_lone_quotation_mark_never_merges_rows(lines: list[str], row: int, delimiter: str) -> None:
    text = "\r\n".join(["Name,Grade,Section,Event", *lines, ""]).replace(",", delimiter)
    with pytest.raises(FileRefused) as refused:
        rows_in(text)
    assert (refused.value.code, refused.value.row) == ("quote", row)


def test_lone_quotation_mark_in_the_titles_is_refused() -> None:
    with pytest.raises(FileRefused) as refused:
        rows_in('"Name,Grade,Event\nAsha,9,Quiz\nBen,9,"Quiz"\n')
    assert (refused.value.code, refused.value.row) == ("quote", 1)


@pytest.mark.parametrize(
    "cell",
    ["Quiz\nRobo", "Quiz, Chess\nRobo, Art", "1, 2, 3, 4\n5, 6, 7, 8", 'He said "no"\nand left', "a\n\nb\n"],
)
def test_lines_and_commas_inside_a_cell_are_no_rows(cell: str) -> None:
    table = [["Name", "Grade", "Event"], ["Asha", "9", cell], ["Ben", "9", "Quiz"]]
    written = io.StringIO(newline="")
    csv.writer(written).writerows(table)
    assert rows_in(written.getvalue()) == [tuple(row) for row in table]


@pytest.mark.parametrize("title", ["Grade\n(5, 6, 7, 8, 9)", "Roll\nno.", "Grade\n5;6;7"])
def test_title_on_several_lines_is_a_title(title: str) -> None:
    table = [["Name", title, "Event"], ["Asha", "9", "Quiz"], ["Ben", "9", "Quiz, Robo"]]
    written = io.StringIO(newline="")
    csv.writer(written).writerows(table)
    assert rows_in(written.getvalue()) == [tuple(row) for row in table]


def test_remark_of_several_lines_above_the_titles_is_no_list() -> None:
    text = '"Please note, teachers,\nfill in name, grade, event, all of it"\nName,Grade,Event\nAsha,9,Quiz\n'
    assert [len(row) for row in rows_in(text)] == [1, 3, 3]


def test_lone_quotation_mark_between_spaced_cells_is_refused() -> None:
    with pytest.raises(FileRefused):
        rows_in('Name, Grade, Event\n"Asha, 9, Quiz\nBen, 9, Quiz\nMeera, 9, "Quiz"\n')


def test_paste_with_a_lone_quotation_mark_keeps_its_rows() -> None:
    sheet = read_paste('Name\tGrade\tEvent\n"Asha\t9\tQuiz\nBen\t9\t"Quiz"\n')
    assert [row.number for row in sheet.rows] == [1, 2, 3]


LINES = st.lists(st.text(alphabet='ab" ', min_size=1, max_size=12), min_size=1, max_size=5)


@given(lines=LINES, line_end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_stray_quotation_marks_lose_no_row(lines: list[str], line_end: str) -> None:
    """Each row below the titles is read by itself, or the file is refused."""
    filled = [f"Child {number},9,{line},x" for number, line in enumerate(lines)]
    text = line_end.join(["Name,Grade,Event,Remark", *filled, "Last,9,Quiz,y"])
    wanted = ["Name", *(f"Child {number}" for number in range(len(lines))), "Last"]
    found = names_or_refusal(text)
    assert found == wanted or (found == "quote" and any(line.count('"') for line in lines))
    if all(line.count('"') % 2 == 0 and not line.startswith(('"', " ")) for line in lines):
        assert found == wanted


def names_or_refusal(text: str) -> list[str] | str:
    try:
        return [row[0] for row in rows_in(text)]
    except FileRefused as refused:
        return refused.code


MANY = 200_000
HOSTILE_TEXTS = {
    "spaces behind a mark": 'Name,Grade\n"a"' + " " * MANY + "x,9\n",
    "drawn line": "Name|Grade\n" + "-" * MANY + "x|9\n",
    "marks that are not closed": 'Name,Grade\n"x' + ',""x' * (MANY // 10) + '"z\n',
    "pluses": "Name,Grade\n" + "+" * MANY + ",9\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_line_of_marks_is_read_or_refused_in_linear_time(text: str) -> None:
    """A pattern that looks through the rest of the line for each character would take many minutes."""
    began = time.process_time()
    with contextlib.suppress(FileRefused):
        read_file(text.encode())
    assert time.process_time() - began < 20
