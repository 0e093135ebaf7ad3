"""A name in two to four columns becomes one name in the order in which it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrations.tests.builders.layouts import read, students, table_text

LAYOUTS = [
    ("Juan Carlos García López", {
        "Primer nombre": "Juan", "Segundo nombre": "Carlos", "Primer apellido": "García", "Segundo apellido": "López",
    }),
    ("Juan Carlos García López", {
        "Nombre(s)": "Juan Carlos", "Apellido paterno": "García", "Apellido materno": "López",
    }),
    ("Juan Carlos García López", {"Nombres": "Juan Carlos", "Paterno": "García", "Materno": "López"}),
    ("Juan Carlos García López", {
        "1er. nombre": "Juan", "Otros nombres": "Carlos", "Ap. Paterno": "García", "Ap. Materno": "López",
    }),
    ("Ana Clara Souza Lima", {
        "Primeiro nome": "Ana", "Nome do meio": "Clara", "Sobrenome": "Souza", "Segundo sobrenome": "Lima",
    }),
    ("Piet van der Berg", {"Voornaam": "Piet", "Tussenvoegsel": "van der", "Achternaam": "Berg"}),
    ("Piet van der Berg", {"Roepnaam": "Piet", "Voorvoegsel(s)": "van der", "Achternaam": "Berg"}),
    ("Piet van der Berg", {"Voornamen": "Piet", "Tussenv.": "van der", "Naam": "Berg"}),
    ("Asha Mary Jane Rao", {"First name": "Asha", "Middle names": "Mary Jane", "Last name": "Rao"}),
    ("Grace Akinyi Otieno", {"Surname": "Otieno", "Other Names": "Grace Akinyi"}),
    ("Grace Akinyi Otieno", {"First Name": "Grace", "Other Names": "Akinyi", "Surname": "Otieno"}),
    ("Hélène Dupont", {"Prénom": "Hélène", "Nom de famille": "Dupont"}),
    ("Hélène Marie Dupont", {"Prénom": "Hélène", "Deuxième prénom": "Marie", "Nom": "Dupont"}),
    ("Nguyễn Thị Lan", {"Họ và tên đệm": "Nguyễn Thị", "Tên": "Lan"}),
    ("Nagy Éva", {"Vezetéknév": "Nagy", "Keresztnév": "Éva"}),
    ("李小龙", {"姓": "李", "名": "小龙"}),
    ("Anna Maria Kowalska", {"Nazwisko": "Kowalska", "Imię": "Anna", "Drugie imię": "Maria"}),
    ("Anna Sergeevna Ivanova", {"Фамилия": "Ivanova", "Имя": "Anna", "Отчество": "Sergeevna"}),
]  # fmt: skip


@given(data=st.data(), layout=st.sampled_from(LAYOUTS))
def test_parts_of_a_name_are_joined_in_any_order_of_columns(
    data: st.DataObject, layout: tuple[str, dict[str, str]]
) -> None:
    name, parts = layout
    titles = data.draw(st.permutations([*parts, "Grade", "Phone"]))
    cells = {**parts, "Grade": "9", "Phone": "98765"}
    parsed = read(table_text([titles, [cells[title] for title in titles]]))
    assert [one[1] for one in students(parsed)] == [name]
    assert [column.title for column in parsed.header.extra] == ["Phone"]


@pytest.mark.parametrize(
    ("titles", "name"),
    [
        (["Apellido 1", "Apellido 2", "Nombre 1", "Nombre 2"], "Juan Carlos García López"),
        (["Apellido1", "Apellido2", "Nombre1", "Nombre2"], "Juan Carlos García López"),
        (["Last name", "2nd last name", "First name", "2nd first name"], "Juan García"),
    ],
)
def test_second_column_of_a_part_stands_directly_beside_the_first(titles: list[str], name: str) -> None:
    parsed = read(table_text([[*titles, "Grade"], ["García", "López", "Juan", "Carlos", "9"]]))
    assert [one[1] for one in students(parsed)] == [name]


def test_two_members_of_a_team_are_not_one_student() -> None:
    titles = ["First name 1", "Last name 1", "First name 2", "Last name 2", "Grade"]
    parsed = read(table_text([titles, ["Juan", "Ruiz", "Ana", "Gil", "9"]]))
    assert [one[1] for one in students(parsed)] == ["Juan Ruiz", "Ana Gil"]


@pytest.mark.parametrize(
    "title", ["Father's name", "Mother's name", "Nombre de la madre", "Nickname", "House name"]
)
def test_name_of_another_person_is_no_part_of_the_name(title: str) -> None:
    parsed = read(table_text([["First name", title, "Last name", "Grade"], ["Asha", "Suresh", "Rao", "9"]]))
    assert [one[1] for one in students(parsed)] == ["Asha Rao"]


@pytest.mark.parametrize("title", ["Ano", "Curso", "Osztály", "Třída", "Kelas", "Luokka", "Sınıf", "Разред"])
def test_word_for_grade_of_any_language_titles_grades(title: str) -> None:
    assert students(read(table_text([["Name", title], ["Asha Rao", "9"]])))[0][2] == 9


@pytest.mark.parametrize(("title", "cell"), [("Ano", "2026"), ("Group", "Team Red"), ("Curso", "Painting")])
def test_word_for_grade_above_something_else_is_not_used(title: str, cell: str) -> None:
    parsed = read(table_text([["Name", "Class", title], ["Asha Rao", "9", cell]]))
    assert (students(parsed), parsed.header.extra[0].title) == ([(2, "Asha Rao", 9, "")], title)
