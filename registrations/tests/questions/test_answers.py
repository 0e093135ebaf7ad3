"""Answers are seen and changed by their student, leave no trace elsewhere, and end on their day."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from events.cache import forget
from events.models import AuditEntry, Event, Fest
from registrations import links, schools
from registrations.models import Answer, Question, Student
from registrations.privacy.erase import erase
from registrations.privacy.export import export_tables
from registrations.students.merge import merge_students
from registrations.tasks import erase_answers
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_request,
    build_school,
    build_submission,
    build_teacher,
    build_user,
    submit_now,
)
from registrations.tests.builders.questions import answers_to, build_answer, build_question
from registrations.tests.counting import round_trips
from registrations.tests.form_posts import text_of
from registrations.tests.traces import in_database, in_files
from registrations.timetable.new_fest import copy_fest
from techfest.core.db.locking import Deadline
from tickets.tests.audited import run

pytestmark = pytest.mark.django_db(transaction=True)

WORD = "Zyxquorvent"


@pytest.fixture
def event() -> Event:
    forget()
    return build_event(build_fest(), name="Robo Race")


def answers_path(student: Any) -> str:
    return f"{links.my_path(student)}answers/"


def test_registration_with_answers_takes_two_round_trips(event: Event) -> None:
    food, size = build_question(event.fest), build_question(event, "How tall?")
    booking_request = build_request(event)
    answered = replace(booking_request, answers=((food.pk, "Nuts"), (size.pk, "12")))
    build_school()
    schools.forget()
    schools.school_names()  # cached, as in a process that has served a form
    assert round_trips(lambda: submit_now(answered)) == 2
    assert (answers_to(food), answers_to(size)) == (["Nuts"], ["12"])
    assert run() == []


def test_answers_are_changed_and_taken_back_on_their_page(client: Client, event: Event) -> None:
    student = build_submission(event).student
    food, size = build_question(event.fest), build_question(event, "How tall?", kind="number")
    build_answer(food, student)
    page = text_of(client.get(answers_path(student)))
    assert 'value="Peanuts"' in page
    assert page.index(food.field_name) < page.index("Robo Race") < page.index(size.field_name)
    saved = client.post(answers_path(student), {food.field_name: "Milk", size.field_name: "12"})
    assert saved["Location"] == links.my_path(student)
    assert (answers_to(food), answers_to(size)) == (["Milk"], ["12"])
    client.post(answers_path(student), {food.field_name: "", size.field_name: "12"})
    assert (answers_to(food), answers_to(size)) == ([], ["12"])
    mine = text_of(client.get(links.my_path(student)))
    assert "1 question is not answered yet." in mine
    assert run() == []


def test_required_answer_cannot_be_taken_back(client: Client, event: Event) -> None:
    student = build_submission(event).student
    photo = build_question(event.fest, "Photos?", kind="yes_no", is_required=True)
    build_answer(photo, student, "yes")
    response = client.post(answers_path(student), {photo.field_name: ""})
    assert response.context["form"].errors == {photo.field_name: ["Answer this question: Photos?"]}
    assert answers_to(photo) == ["yes"]


def test_questions_of_other_events_and_fests_are_not_answered_there(client: Client, event: Event) -> None:
    student = build_submission(event).student
    others = [
        build_question(build_event(event.fest), "Other event?"),
        build_question(build_fest(is_current=False), "Other fest?"),
        build_question(event.fest, "Off?", is_asked=False),
    ]
    asked = build_question(event.fest)
    page = text_of(client.get(answers_path(student)))
    client.post(answers_path(student), {one.field_name: "x" for one in [*others, asked]})
    for one in others:
        assert one.field_name not in page
        assert answers_to(one) == []
    assert answers_to(asked) == ["x"]


def test_after_closing_only_what_is_missing_can_be_answered(client: Client, event: Event) -> None:
    student = build_submission(event).student
    food, late = build_question(event.fest), build_question(event.fest, "Late?")
    build_answer(food, student)
    now = timezone.now()
    Fest.objects.update(closes_at=now - dt.timedelta(hours=1), opens_at=now - dt.timedelta(hours=2))
    page = text_of(client.get(answers_path(student)))
    assert "can only be changed by the organisers" in " ".join(page.split())
    client.post(answers_path(student), {food.field_name: "Milk", late.field_name: "Yes"})
    assert (answers_to(food), answers_to(late)) == (["Peanuts"], ["Yes"])


def test_page_without_questions_says_so_and_a_dead_link_is_unknown(client: Client, event: Event) -> None:
    student = build_submission(event).student
    assert "There is no question to answer." in text_of(client.get(answers_path(student)))
    assert "Your answers" not in text_of(client.get(links.my_path(student)))
    student.link_version += 1
    assert client.get(answers_path(student)).status_code == 404


def test_answer_stands_in_its_row_only(client: Client, event: Event) -> None:
    """No audit log, no mail, no change and no file has it."""
    student = build_submission(event, email="asha@example.org").student
    food = build_question(event.fest)
    client.post(answers_path(student), {food.field_name: WORD})
    assert in_database(WORD) == {"registrations_answer.value"}
    assert in_files(WORD) == set()
    entry = AuditEntry.objects.get(what="answers changed")
    assert (entry.before, entry.after) == ({}, {"questions": [food.text]})


def test_erased_student_leaves_no_answer_and_no_name_in_those_of_others(event: Event) -> None:
    student = build_submission(event, name="Zyxquorvent Rao").student
    friend = build_submission(event).student
    food = build_question(event.fest)
    build_answer(food, student, "Peanuts")
    build_answer(food, friend, "As my friend Zyxquorvent Rao")
    erase([student.pk], deadline=Deadline(30))
    assert answers_to(food) == ["As my friend …"]
    assert in_database(WORD) == set()
    assert run() == []


def test_answers_are_handed_out_with_the_record(event: Event) -> None:
    student = Student.objects.get(pk=build_submission(event).student.pk)
    build_answer(build_question(event, "Which?", kind="several", options=["a", "b"]), student, "a\nb")
    (table,) = [one for one in export_tables(student) if one.key == "answers"]
    (row,) = table.rows
    assert (row["question"], row["event"], row["answer"]) == ("Which?", "Robo Race", "a, b")


@pytest.mark.parametrize("is_later", [True, False])
def test_of_two_answers_of_merged_students_the_later_one_stays(event: Event, is_later: bool) -> None:
    kept = build_submission(event, name="Asha Rao").student
    removed = build_submission(build_event(event.fest), name="Asha Raoo").student
    food, access = build_question(event.fest), build_question(event.fest, "What do you need?")
    build_answer(food, kept, "Nothing")
    build_answer(food, removed, "Peanuts")
    build_answer(access, removed, "A ramp")
    if not is_later:
        Answer.objects.filter(student=kept).update(answered_at=timezone.now() + dt.timedelta(minutes=1))
    merge_students(kept.pk, removed.pk, user=build_user(), reason="Same", deadline=Deadline(30))
    assert (answers_to(food), answers_to(access)) == (["Peanuts" if is_later else "Nothing"], ["A ramp"])
    assert set(Answer.objects.values_list("student", flat=True)) == {kept.pk}
    assert run() == []


@pytest.mark.parametrize(("days", "is_erased"), [(-1, False), (0, False), (1, True)])
def test_answers_are_erased_on_their_day_in_the_zone_of_the_fest(
    event: Event, days: int, is_erased: bool
) -> None:
    """The fest is at the other end of the day: its date differs from that in UTC."""
    student = build_submission(event).student
    question = build_question(event.fest, erased_after_days=3)
    kept = build_question(event.fest, "Longer?", erased_after_days=300)
    for one in (question, kept):
        build_answer(one, student)
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        fest = event.fest
        fest.time_zone = zone
        vars(fest).pop("zone", None)
        last_day = timezone.now().astimezone(fest.zone).date() - dt.timedelta(days=days)
        ends_on = last_day - dt.timedelta(days=3)
        Fest.objects.filter(pk=fest.pk).update(time_zone=zone, starts_on=ends_on, ends_on=ends_on)
        erase_answers()
        assert answers_to(question) == ([] if is_erased else ["Peanuts"])
        assert answers_to(kept) == ["Peanuts"]


def test_copied_fest_asks_the_same_questions_and_has_no_answer(event: Event) -> None:
    student = build_submission(event).student
    build_answer(build_question(event.fest, ready="food"), student)
    build_question(event, "How tall?", kind="one", options=["a", "b"], position=3)
    build_question(event.fest, "Off?", is_asked=False)
    values = {"name": "Next", "slug": "next", "starts_on": event.fest.starts_on + dt.timedelta(days=365)}
    hours = {"opens_at": event.fest.opens_at, "closes_at": event.fest.closes_at}
    fest = copy_fest(event.fest, values | hours)
    copied = Question.objects.filter(fest=fest).order_by("position")
    assert [(one.text, one.event and one.event.name) for one in copied] == [
        ("What do you not eat?", None),
        ("How tall?", "Robo Race"),
    ]
    assert Answer.objects.filter(question__fest=fest).count() == 0
    assert run() == []


def test_teacher_reads_and_gives_the_answers_of_their_own_students_only(client: Client, event: Event) -> None:
    student = build_submission(event).student
    food = build_question(event.fest)
    build_answer(food, student)
    own, other = build_teacher(), build_teacher(build_school("Another School"))
    path = f"/teacher/students/{student.reference}/answers/"
    client.force_login(other.user)
    assert client.post(path, {food.field_name: "Milk"}).status_code == 404
    client.force_login(own.user)
    assert "Peanuts" in text_of(client.get(f"/teacher/students/{student.reference}/"))
    assert 'value="Peanuts"' in text_of(client.get(path))
    assert client.post(path, {food.field_name: "Milk"}).status_code == 302
    assert answers_to(food) == ["Milk"]
