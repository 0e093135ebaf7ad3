"""Titles in the spellings of school systems, forms and languages, and titles that must not be taken for them."""

import pytest

from registrations.spreadsheets.full_name import full_name
from registrations.spreadsheets.headers import cells_by_meaning, find_header
from registrations.spreadsheets.meanings import Meaning
from registrations.spreadsheets.reader import read_paste
from registrations.spreadsheets.titles import meaning_below, meaning_of

EXPORTS = {
    "PowerSchool": "Student_Number|First_Name|Middle_Name|Last_Name|Grade_Level|Enroll_Status",
    "OneRoster": "sourcedId|status|enabledUser|givenName|familyName|role|grades|email|identifier",
    "Google Classroom": "Last Name|First Name|Email Address|Overall Grade|Quiz 1",
    "Google Forms": "Timestamp|Email Address|Name of student|Class|Which events? (choose up to 2)",
    "Microsoft Forms": "ID|Start time|Completion time|Email|Name|What is your full name?|Which class are you in?",
    "iSAMS": "Surname|Forename|Preferred Name|Form|Pupil Email",
    "SIMS": "Legal Surname|Legal Forename|Year Group|Adm No",
    "Fedena": "Admission No|First Name|Middle Name|Last Name|Class Roll No",
    "Infinite Campus": "student.lastName|student.firstName|student.grade|student.studentNumber",
    "Schoology": "First Name|Last Name|Grade|Email|School UID",
    "Moodle": "First name|Surname|ID number|Email address",
    "Jotform": "Submission Date|Full Name - First Name|Full Name - Last Name|Grade",
    "Hindi": "क्र सं|छात्र का नाम|पिता का नाम|कक्षा|रोल नंबर",
    "German": "Nachname|Vorname|Klasse|E-Mail",
    "Spanish": "Apellidos|Nombre|Grado|Correo electrónico",
}
MEANINGS = {
    "PowerSchool": "roll_number|given_name|middle_name|family_name|grade|status",
    "OneRoster": "|status|enabled|given_name|family_name|role|grade|email|",
    "Google Classroom": "family_name|given_name|email||",
    "Google Forms": "timestamp|email|name|grade|events",
    "Microsoft Forms": "|timestamp||email|name||grade",
    "iSAMS": "family_name|given_name||grade|email",
    "SIMS": "family_name|given_name|grade|roll_number",
    "Fedena": "roll_number|given_name|middle_name|family_name|roll_number",
    "Infinite Campus": "family_name|given_name|grade|roll_number",
    "Schoology": "given_name|family_name|grade|email|",
    "Moodle": "given_name|family_name|roll_number|email",
    "Jotform": "timestamp|given_name|family_name|grade",
    "Hindi": "number|name||grade|roll_number",
    "German": "family_name|given_name|grade|email",
    "Spanish": "family_name|name|grade|email",
}


@pytest.mark.parametrize("system", EXPORTS)
def test_titles_of_school_systems_and_forms(system: str) -> None:
    titles = EXPORTS[system].replace("|", "\t")
    header = find_header(read_paste(f"{titles}\n" + "x\t" * titles.count("\t") + "x"))
    found = [column.meaning.value for column in header.columns]
    wanted = MEANINGS[system].split("|")
    # A second column of one meaning is not used.
    once = ["" if one and one in wanted[:at] else one for at, one in enumerate(wanted)]
    assert found == once


@pytest.mark.parametrize(
    ("title", "meaning"),
    [
        ("Your name", Meaning.NAME),
        ("Name of the student as in school records", Meaning.NAME),
        ("Please enter your full name *", Meaning.NAME),
        ("Participant's Full Name (for the certificate)", Meaning.NAME),
        ("Student's first name", Meaning.GIVEN_NAME),
        ("Sur-name", Meaning.FAMILY_NAME),
        ("Student Name (Last, First)", Meaning.NAME),
        ("Last, First", Meaning.LAST_FIRST),
        ("Which class do you study in?", Meaning.GRADE),
        ("Grade (5-12)", Meaning.GRADE),
        ("Your e-mail address (for the ticket)", Meaning.EMAIL),
        ("Which events would you like to take part in?", Meaning.EVENTS),
        ("Select your event", Meaning.EVENTS),
        ("2nd choice", Meaning.EVENTS),
    ],
)
def test_questions_of_forms_are_understood(title: str, meaning: Meaning) -> None:
    assert meaning_of(title) == meaning


@pytest.mark.parametrize(
    "title",
    [
        "Father's name",
        "Mother's First Name",
        "Guardian name",
        "School",
        "Name of your school",
        "Class teacher",
        "Team name",
        "Overall Grade",
        "Final grade",
        "Grade average",
        "Event fee paid",
        "Event coordinator",
        "Number of events",
        "How did you hear about the event?",
        "Have you attended this event before?",
        "Emergency contact name",
        "Father - Name",
        "Score",
        "First",
        "House",
        "Username",
        "Date of birth",
        "Form number",
        "",
    ],
)
def test_titles_about_others_are_unknown(title: str) -> None:
    assert meaning_of(title) == Meaning.NONE


def test_title_below_a_wider_one() -> None:
    assert meaning_below("Student", "Name") == Meaning.NAME
    assert meaning_below("Name", "First") == Meaning.GIVEN_NAME
    assert meaning_below("Parent", "Name") == Meaning.NONE
    assert meaning_below("Parent", "E-mail") == Meaning.EMAIL
    assert meaning_below("Events", "1") == Meaning.EVENTS


def test_first_is_a_name_only_beside_last() -> None:
    header = find_header(read_paste("First\tLast\tClass\nAsha\tRao\t9"))
    assert [column.meaning.value for column in header.columns] == ["given_name", "family_name", "grade"]
    header = find_header(read_paste("Name\tClass\tFirst\tSecond\nAsha\t9\tQuiz\tRobo"))
    assert [column.meaning.value for column in header.columns] == ["name", "grade", "", ""]


@pytest.mark.parametrize(
    ("titles", "name"),
    [
        ("Nom\tPrenom", "Second First"),
        ("Nom\tPrénom", "Second First"),
        ("Nombre\tPrimer apellido", "First Second"),
        ("Apellido paterno\tNombre(s)", "Second First"),
        ("Nome\tApelidos", "First Second"),
        ("Nome\tÚltimo nome", "First Second"),
        ("الاسم\tاللقب", "First Second"),
        ("Ime\tPrezime", "First Second"),
        ("Nom\tCognoms", "First Second"),
        ("Имя\tПрізвище", "First Second"),
    ],
)
def test_both_parts_of_a_name_are_read_whatever_the_language(titles: str, name: str) -> None:
    sheet = read_paste(f"{titles}\tGrade\nFirst\tSecond\t9")
    header = find_header(sheet)
    assert header.extra == ()
    assert full_name(cells_by_meaning(sheet.rows[1], header.columns)) == name


@pytest.mark.parametrize(
    "title",
    [
        "Apellidos y nombres",
        "Nome do Aluno",
        "Name, Vorname",
        "Nazwisko i imię",
        "Cognome e Nome",
        "Alumno/a",
    ],
)
def test_title_of_both_parts_is_a_name(title: str) -> None:
    assert meaning_of(title) == Meaning.NAME
