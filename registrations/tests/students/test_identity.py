"""Finding or inserting a student without mistaking one for another (DECISIONS 3 and 4)."""

from functools import partial
from typing import Any

import pytest

from events.models import Fest
from registrations.booking.errors import AmbiguousIdentity
from registrations.models import Student
from registrations.students.identity import Details, identify, with_email
from registrations.tests.builders import build_fest, build_school
from registrations.tests.races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def details(**values: Any) -> Details:
    defaults: dict[str, Any] = {
        "name": "Asha Rao",
        "school": "Riverside Public School",
        "grade": 7,
        "email": "asha@example.org",
    }
    return Details(**(defaults | values))


def found(fest: Fest, **values: Any) -> tuple[Student, bool]:
    asked = details(**values)
    return identify(asked, fest_id=fest.pk, school=build_school(asked.school))


def refused(fest: Fest, **values: Any) -> AmbiguousIdentity:
    with pytest.raises(AmbiguousIdentity) as error:
        found(fest, **values)
    return error.value


def test_unknown_student_is_new(fest: Fest) -> None:
    student, is_new = found(fest)
    assert is_new
    assert list(Student.objects.values_list("name", "name_key", "email_key", "link_version")) == [
        ("Asha Rao", "asha rao", "asha@example.org", 1)
    ]
    assert student == Student.objects.get()


def test_student_with_same_email_is_the_same(fest: Fest) -> None:
    first, _new = found(fest)
    assert found(fest, name="asha  RAO", email="Asha@Example.ORG") == (first, False)


def test_student_found_again_is_not_changed(fest: Fest) -> None:
    first, _new = found(fest)
    found(fest, name="ASHA RAO", email="ASHA@example.org", section="B", roll_number="12", language="hi")
    kept = Student.objects.get()
    assert (kept.name, kept.email, kept.section, kept.roll_number, kept.language) == (
        "Asha Rao",
        "asha@example.org",
        "",
        "",
        "en",
    )
    assert kept == first


@pytest.mark.parametrize("email", ["other@example.org", ""])
def test_student_with_other_or_no_email_is_asked(fest: Fest, email: str) -> None:
    first, _new = found(fest)
    error = refused(fest, email=email)
    assert error.student == first
    assert str(error.text) == (
        "A student with this name and grade is registered. "
        "Add your roll number or section so that we can tell you apart."
    )


def test_student_without_email_on_record_is_asked(fest: Fest) -> None:
    found(fest, email="")
    assert refused(fest, email="").student == Student.objects.get()
    assert refused(fest, email="asha@example.org").student == Student.objects.get()


@pytest.mark.parametrize("values", [{"section": "B"}, {"roll_number": "17"}])
def test_namesake_with_another_label_is_new(fest: Fest, values: dict[str, str]) -> None:
    first, _new = found(fest)
    second, is_new = found(fest, email="other@example.org", **values)
    assert is_new
    assert second != first


@pytest.mark.parametrize("values", [{}, {"section": "b"}, {"roll_number": "017"}, {"roll_number": "1-7"}])
def test_namesake_without_a_label_is_ambiguous(fest: Fest, values: dict[str, str]) -> None:
    """Otherwise a student who omits the section the second time would have two seats in one event."""
    first, _new = found(fest, section="B", roll_number="17")
    assert refused(fest, email="", **values).student == first
    assert found(fest, email="", section="B", roll_number="18")[1]


def test_namesakes_in_sections_with_other_email_each_come_back(fest: Fest) -> None:
    first, _new = found(fest, section="A", email="a@example.org")
    second, _new = found(fest, section="B", email="b@example.org")
    assert found(fest, section="a", email="a@example.org") == (first, False)
    assert found(fest, section="B", email="B@example.org") == (second, False)


def test_twins_of_one_name_and_email_in_two_sections_are_two(fest: Fest) -> None:
    first, _new = found(fest, section="A")
    second, is_new = found(fest, section="B")
    assert is_new
    assert second != first


def test_twins_of_one_name_in_one_class_with_roll_numbers_are_two(fest: Fest) -> None:
    first, _new = found(fest, section="A", roll_number="1")
    second, is_new = found(fest, section="A", roll_number="2")
    assert is_new
    assert second != first


def test_siblings_with_one_email_are_two(fest: Fest) -> None:
    asha, _new = found(fest, name="Asha Rao", grade=7)
    ben, is_new = found(fest, name="Ben Rao", grade=7)
    assert is_new
    assert with_email("ASHA@example.org", fest_id=fest.pk) == [asha, ben]


def test_same_name_in_other_grade_is_new(fest: Fest) -> None:
    found(fest)
    assert found(fest, grade=8)[1]


def test_same_name_in_other_school_is_new(fest: Fest) -> None:
    found(fest)
    assert found(fest, school="Lotus Valley School")[1]


def test_same_name_in_other_fest_is_new(fest: Fest) -> None:
    found(fest)
    assert found(build_fest())[1]


def test_roll_number_alone_does_not_identify(fest: Fest) -> None:
    found(fest, roll_number="17", section="A")
    assert found(fest, name="Ben Khan", roll_number="17", section="A", email="ben@example.org")[1]


def test_two_candidates_of_one_email_are_ambiguous(fest: Fest) -> None:
    found(fest, section="A")
    found(fest, section="B")
    assert refused(fest).student == Student.objects.order_by("pk")[0]


def test_exact_namesake_with_other_email_is_ambiguous(fest: Fest) -> None:
    found(fest, section="A", roll_number="17")
    error = refused(fest, section="a", roll_number="017", email="other@example.org")
    assert str(error.text) == (
        "A student with this name, grade, section and roll number is registered. "
        "If it is you, ask for the link to your registrations."
    )


def test_exact_namesake_beside_one_of_same_email_is_ambiguous(fest: Fest) -> None:
    """Details with the section of one student and the address of another belong to neither for certain."""
    found(fest, section="", email="b@example.org")
    found(fest, section="A", email="a@example.org")
    assert refused(fest, section="A", email="b@example.org").student.section == "A"


def test_students_without_email_share_no_mailbox(fest: Fest) -> None:
    found(fest, email="")
    assert with_email("", fest_id=fest.pk) == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_student_found_by_eight_at_once_is_one(fest: Fest) -> None:
    build_school()
    responses = at_once([partial(found, fest)] * 8)
    assert len({student.pk for student, _new in responses}) == Student.objects.count() == 1
    assert sorted(is_new for _student, is_new in responses) == [False] * 7 + [True]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_namesakes_of_other_email_at_once_are_one_and_refusals(fest: Fest) -> None:
    build_school()
    responses = at_once([partial(found, fest, email=f"{n}@example.org") for n in range(8)])
    assert sorted(isinstance(response, AmbiguousIdentity) for response in responses) == [False] + [True] * 7
    assert Student.objects.count() == 1


RESPELT = [
    ("Hélène Müller", "HELENE MUELLER"),
    ("Łukasz Żak", "Zak Lukasz"),
    ("Md. Irfan Khan", "Mohammed Irfan Khan"),
    ("Kevin D Souza", "Kevin D'Souza"),
]
SHORTENED = [
    ("Karthik Subramanian", "S Karthik"),
    ("Praveen N", "Praveen Natarajan"),
    ("Ananya Krishnan Nair", "Ananya Nair"),
]
TWO = [("Asha Rao", "Usha Rao"), ("Karthik S", "Karthik R"), ("Ravi Kumar Das", "Ravi Mohan Das")]


@pytest.mark.parametrize(("recorded", "typed"), RESPELT)
def test_name_spelt_differently_with_same_email_is_the_same(fest: Fest, recorded: str, typed: str) -> None:
    first, _new = found(fest, name=recorded)
    assert found(fest, name=typed, email="ASHA@example.org") == (first, False)
    assert Student.objects.get().name == recorded


@pytest.mark.parametrize(("recorded", "typed"), RESPELT + SHORTENED)
@pytest.mark.parametrize("email", ["other@example.org", ""])
def test_similar_name_is_asked_about_unless_it_is_another(
    fest: Fest, recorded: str, typed: str, email: str
) -> None:
    first, _new = found(fest, name=recorded, section="B")
    error = refused(fest, name=typed, email=email)
    assert (error.student, error.is_similar) == (first, True)
    assert str(error.text) == "A student with a name like this is registered in your grade. Is it you?"
    assert found(fest, name=typed, email=email, is_another=True)[1]


@pytest.mark.parametrize(("recorded", "typed"), SHORTENED)
def test_short_name_with_same_email_is_asked_about_as_siblings_share_one(
    fest: Fest, recorded: str, typed: str
) -> None:
    found(fest, name=recorded)
    assert refused(fest, name=typed).is_similar
    assert found(fest, name=typed, is_another=True)[1]


@pytest.mark.parametrize(("recorded", "typed"), RESPELT + SHORTENED)
@pytest.mark.parametrize("values", [{"section": "C"}, {"roll_number": "8"}, {"grade": 8}])
def test_similar_name_with_other_labels_is_new(
    fest: Fest, recorded: str, typed: str, values: dict[str, Any]
) -> None:
    found(fest, name=recorded, section="B", roll_number="7")
    assert found(fest, name=typed, email="other@example.org", **values)[1]


@pytest.mark.parametrize(("recorded", "typed"), TWO)
def test_twins_with_one_email_are_not_asked(fest: Fest, recorded: str, typed: str) -> None:
    first, _new = found(fest, name=recorded)
    second, is_new = found(fest, name=typed)
    assert is_new
    assert second != first


def test_slip_is_asked_of_staff_and_of_all_with_the_same_roll_number(fest: Fest) -> None:
    school, typed = build_school(), details(name="Asha Roa", email="", roll_number="7")
    found(fest, roll_number="")
    with pytest.raises(AmbiguousIdentity):
        identify(typed, fest_id=fest.pk, school=school, is_staff=True)
    assert identify(typed, fest_id=fest.pk, school=school)[1]
    assert refused(fest, email="", roll_number="007").is_similar


@pytest.mark.parametrize(
    ("recorded", "typed"), [("007", "7"), ("7", "007"), ("12", "१२"), ("A-07", "a7"), ("No. 7", "7")]
)
def test_roll_number_written_differently_is_one_namesake(fest: Fest, recorded: str, typed: str) -> None:
    first, _new = found(fest, roll_number=recorded)
    assert found(fest, roll_number=typed) == (first, False)
    assert refused(fest, roll_number=typed, email="").student == first


def test_roll_number_is_kept_as_typed(fest: Fest) -> None:
    found(fest, roll_number="007")
    assert Student.objects.get().roll_number == "007"


def test_roll_numbers_of_the_same_digits_are_two(fest: Fest) -> None:
    first, _new = found(fest, roll_number="1-12")
    second, is_new = found(fest, roll_number="11-2")
    assert is_new
    assert second != first


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_roll_number_written_in_eight_ways_at_once_is_one(fest: Fest) -> None:
    build_school()
    ways = ["7", "07", "007", "0007", "७", "٧", "No 7", "#7"]
    responses = at_once([partial(found, fest, roll_number=way, section="A") for way in ways])
    assert len({student.pk for student, _new in responses}) == Student.objects.count() == 1
