"""What a teacher does for one student: correct, cancel, replace, add events, send mail again."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client

from events import cache
from events.models import Event, Fest
from registrations import links
from registrations.booking.cancel import cancel
from registrations.models import Change, Consent, Registration, Student, Submission, Teacher
from registrations.students.consents import teachers_text
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.counting import counts, states
from techfest.core.db.locking import Deadline
from tickets.models import Delivery, Ticket
from tickets.teacher.mail_status import PAUSE
from tickets.tests.audited import run
from tickets.tests.builders.teachers import build_teacher, signed_in, text_of

pytestmark = pytest.mark.django_db

FIELDS = {"grade": "7", "section": "", "roll_number": "", "email": ""}


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def teacher() -> Teacher:
    return build_teacher()


@pytest.fixture
def client(fest: Fest, teacher: Teacher) -> Client:
    return signed_in(teacher)


def page_of(student: Student, rest: str = "") -> str:
    return f"/teacher/students/{student.reference}/{rest}"


def key() -> str:
    return Submission.new_key().hex


def last_change() -> tuple[str, str, User | None]:
    change = Change.objects.latest("pk")
    return change.cause, change.actor, change.user


# ---- Looking and correcting -----------------------------------------------------------------------------


@pytest.mark.parametrize("events", [1, 3])
def test_page_shows_everything_with_the_same_queries(
    fest: Fest, client: Client, events: int, django_assert_num_queries: Any
) -> None:
    student = build_submission(*(build_event(fest) for _ in range(events))).student
    cache.forget()
    cache.cached_fest()
    with django_assert_num_queries(14):
        page = client.get(page_of(student))
    assert text_of(page).count("has a seat") == events


def test_corrected_details_are_audited_with_the_teacher(fest: Fest, client: Client, teacher: Teacher) -> None:
    student = build_submission(build_event(fest), name="Asha Roa", email="").student
    response = client.post(page_of(student, "details/"), FIELDS | {"name": "Asha Rao", "section": "b"})
    assert response["Location"] == page_of(student, "?done=corrected")
    student.refresh_from_db()
    assert (student.name, student.section) == ("Asha Rao", "B")
    assert last_change() == ("corrected", "teacher", teacher.user)


def test_details_that_cannot_be_come_back_with_their_reason(fest: Fest, client: Client) -> None:
    event = build_event(fest, grade_max=7)
    student = build_submission(event, name="Asha Rao", email="").student
    build_submission(event, name="Ben Das", email="")
    for values, reason in (
        ({"name": ""}, "Enter the full name"),
        ({"name": "Asha Rao", "grade": "8"}, "Cancel it first"),
        ({"name": "Ben Das"}, "Another student is registered with these details."),
        ({"name": "Asha Rao", "email": "x@localhost"}, "Enter an e-mail address in the correct format"),
    ):
        page = client.post(page_of(student, "details/"), FIELDS | values)
        assert (page.status_code, reason in text_of(page)) == (200, True)
    student.refresh_from_db()
    assert (student.name, student.grade, student.email) == ("Asha Rao", 7, "")


# ---- Cancelling -----------------------------------------------------------------------------------------


def test_cancelling_asks_first_and_promotes_the_next(fest: Fest, client: Client, teacher: Teacher) -> None:
    event = build_event(fest, capacity=1)
    first, _second = (build_submission(event, email="") for _ in range(2))
    registration = first.registrations.get()
    path = page_of(first.student, f"cancel/{registration.pk}/")
    assert "Cancel this registration?" in text_of(client.get(path))
    assert states(event) == ["confirmed", "waiting"]
    assert client.post(path)["Location"] == page_of(first.student, "?done=cancelled")
    assert (states(event), counts(event)[:2]) == (["cancelled", "confirmed"], (1, 0))
    assert registration.changes.latest("pk").user == teacher.user


def test_everything_of_a_student_is_cancelled_at_once(fest: Fest, client: Client) -> None:
    student = build_submission(build_event(fest), build_event(fest)).student
    client.post(page_of(student, "cancel/"))
    assert set(Registration.objects.values_list("state", flat=True)) == {"cancelled"}
    again = client.get(page_of(student, "cancel/"), follow=True)
    assert (again.status_code, "This registration is cancelled already." in text_of(again)) == (200, True)


def test_after_the_beginning_a_teacher_cancels_nothing(fest: Fest, client: Client) -> None:
    event = build_event(fest)
    student = build_submission(event).student
    Event.objects.filter(pk=event.pk).update(starts_at=fest.opens_at)
    page = client.post(page_of(student, "cancel/"))
    assert (page.status_code, "has begun." in text_of(page)) == (409, True)
    assert states(event) == ["confirmed"]


@pytest.mark.parametrize("is_all", [False, True])
def test_second_click_on_cancel_says_cancelled(fest: Fest, client: Client, is_all: bool) -> None:
    event = build_event(fest)
    registration = build_submission(event).registrations.get()
    path = page_of(registration.student, "cancel/" if is_all else f"cancel/{registration.pk}/")
    answers = [client.post(path), client.post(path)]
    assert [answer["Location"] for answer in answers] == [
        page_of(registration.student, "?done=cancelled")
    ] * 2
    assert registration.changes.filter(cause="cancelled").count() == 1


def test_registration_of_another_student_is_not_found(fest: Fest, client: Client) -> None:
    event = build_event(fest)
    mine, other = (build_submission(event).registrations.get() for _ in range(2))
    for rest in ("cancel", "replace"):
        path = page_of(mine.student, f"{rest}/{other.pk}/")
        assert (client.get(path).status_code, client.post(path).status_code) == (404, 404)
    assert states(event) == ["confirmed", "confirmed"]


def test_pages_say_at_once_that_it_is_too_late(fest: Fest, client: Client) -> None:
    event = build_event(fest)
    student = build_submission(event, name="Asha Rao").student
    Event.objects.filter(pk=event.pk).update(starts_at=fest.opens_at)
    for rest, text in (
        ("cancel/", "has begun. It is too late"),
        ("replace/", "is closed. The student cannot"),
    ):
        page = client.get(page_of(student, rest))
        assert (page.status_code, text in text_of(page), b'method="post">' in page.content) == (
            200,
            True,
            False,
        )


def test_what_has_begun_does_not_keep_the_rest_from_being_cancelled(fest: Fest, client: Client) -> None:
    begun, ahead = build_event(fest, name="Quiz"), build_event(fest)
    student = build_submission(begun, ahead).student
    Event.objects.filter(pk=begun.pk).update(starts_at=fest.opens_at)
    asked = text_of(client.get(page_of(student, "cancel/")))
    assert ("Quiz has begun." in asked, "Keep it" in asked) == (True, True)
    client.post(page_of(student, "cancel/"))
    assert (states(begun), states(ahead)) == (["confirmed"], ["cancelled"])


def test_replacing_a_cancelled_registration_says_so(fest: Fest, client: Client) -> None:
    registration = build_submission(build_event(fest)).registrations.get()
    path = page_of(registration.student, f"replace/{registration.pk}/")
    cancel([registration.pk], actor="organiser", deadline=Deadline())
    for answer in (client.get(path, follow=True), client.post(path, newcomer(), follow=True)):
        assert (answer.status_code, "This registration is cancelled already." in text_of(answer)) == (
            200,
            True,
        )


# ---- Replacing ------------------------------------------------------------------------------------------


def newcomer(**values: Any) -> dict[str, Any]:
    return FIELDS | {"key": key(), "known": "", "name": "Zoya Khan", "consent": "on"} | values


def test_new_student_takes_over_the_seat(fest: Fest, client: Client, teacher: Teacher) -> None:
    event = build_event(fest, capacity=1)
    student = build_submission(event, name="Asha Rao", email="").student
    build_submission(event, email="")
    registration = student.registrations.get()
    path = page_of(student, f"replace/{registration.pk}/")
    assert "Replace the student" in text_of(client.get(path))
    form = newcomer()
    responses = [client.post(path, form)["Location"] for _ in range(2)]
    new = Student.objects.get(name="Zoya Khan")
    assert responses == [page_of(new, "?done=replaced")] * 2
    assert (new.school, new.registrations.get().state) == (teacher.school, "confirmed")
    assert new.consents.get().user == teacher.user
    assert last_change() == ("replaced", "teacher", teacher.user)


def test_student_of_the_school_comes_instead_for_all_events(fest: Fest, client: Client) -> None:
    student = build_submission(build_event(fest), build_event(fest), name="Asha Rao").student
    other = build_submission(build_event(fest), name="Ben Das").student
    client.post(
        page_of(student, "replace/"), {"key": key(), "known": other.reference, "consent": "on", "name": ""}
    )
    assert (student.registrations.active().count(), other.registrations.active().count()) == (0, 3)


def test_replacing_that_cannot_be_says_why(fest: Fest, client: Client) -> None:
    event = build_event(fest, grade_max=7, name="Robo Race")
    student = build_submission(event, name="Asha Rao", email="").student
    there = build_submission(event, name="Ben Das", email="").student
    stranger = build_submission(event, school="Hill School").student
    for values, reason in (
        ({"grade": "8"}, "Robo Race is for grades 1 to 7."),
        ({"consent": ""}, "Tick the box once the parents have agreed"),
        ({"known": there.reference}, "Ben Das is already registered for Robo Race."),
        ({"known": stranger.reference}, "Select a student of your school"),
        ({"name": "Ben Das"}, "Ben Das of grade 7 is already among your students"),
        ({"name": ""}, "Enter the full name"),
    ):
        page = client.post(page_of(student, "replace/"), newcomer(**values))
        assert (page.status_code, reason in text_of(page)) == (200, True), reason
    assert states(event) == ["confirmed"] * 3
    assert "Zoya" not in str(list(Student.objects.values_list("name", flat=True)))


# ---- Adding ---------------------------------------------------------------------------------------------


def added(*events: Event, **values: Any) -> dict[str, Any]:
    slugs = [event.slug for event in events]
    return newcomer(events=slugs, want_waiting="on", **values)


@pytest.mark.django_db(transaction=True)
def test_one_student_is_added_by_the_teachers_declaration() -> None:
    event = build_event(build_fest())
    teacher = build_teacher()
    client = signed_in(teacher)
    form = added(event, email="zoya@example.org")
    responses = [client.post("/teacher/students/add/", form) for _ in range(2)]
    student = Student.objects.get()
    assert {response["Location"] for response in responses} == {f"{page_of(student)}?done=added"}
    assert (student.school, student.registrations.get().state) == (teacher.school, "confirmed")
    consent = Consent.objects.get()
    assert (consent.basis, consent.user) == ("teacher", teacher.user)
    assert last_change() == ("submitted", "teacher", teacher.user)
    assert Delivery.objects.get().kind == "registered"
    assert run() == []


def test_declaration_with_another_wording_is_read_again(fest: Fest, client: Client) -> None:
    event = build_event(fest)
    sent = added(event, wording="0")
    page = client.post("/teacher/students/add/", sent).content.decode()
    assert "The wording was changed. Read it again, then tick the box" in page
    assert not Student.objects.filter(name="Zoya Khan").exists()
    shown = page.partition('name="wording" value="')[2].partition('"')[0]
    client.post("/teacher/students/add/", sent | {"wording": shown, "key": key()})
    consent = Consent.objects.get(student__name="Zoya Khan")
    assert consent.text == teachers_text(fest)


def test_school_in_the_form_is_not_asked(fest: Fest, client: Client, teacher: Teacher) -> None:
    event = build_event(fest)
    cache.forget()
    client.post("/teacher/students/add/", added(event, school="Hill School"))
    assert Student.objects.get().school == teacher.school


def test_adding_without_consent_or_event_adds_nobody(fest: Fest, client: Client) -> None:
    event = build_event(fest)
    cache.forget()
    wrong: list[dict[str, Any]] = [{"consent": ""}, {"events": []}, {"events": ["nothing"]}, {"name": ""}]
    for values in wrong:
        page = client.post("/teacher/students/add/", added(event) | values)
        assert (page.status_code, "There is a problem" in text_of(page)) == (200, True)
    assert Student.objects.count() == 0


def test_namesake_is_reported_and_no_mail_is_sent(fest: Fest, client: Client) -> None:
    event = build_event(fest)
    build_submission(event, name="Zoya Khan", email="zoya@example.org")
    Delivery.objects.all().delete()
    cache.forget()
    page = client.post("/teacher/students/add/", added(event))
    assert "Zoya Khan of grade 7 is already among your students" in text_of(page)
    assert Delivery.objects.count() == 0


@pytest.mark.parametrize("name", ["HELENE MULLER", "Helene M", "Hélène Mülller"])
def test_similar_name_is_asked_about_and_may_be_another(fest: Fest, client: Client, name: str) -> None:
    event = build_event(fest)
    known = build_submission(event, name="Hélène Müller").student
    page = text_of(client.post("/teacher/students/add/", added(event, name=name)))
    assert "Did you mean Hélène Müller, grade 7, who is registered already" in page
    assert "It is another student: register" in page
    assert list(Student.objects.all()) == [known]
    client.post("/teacher/students/add/", added(event, name=name, another="1"))
    assert Student.objects.count() == 2


def test_replacement_with_a_similar_name_is_asked_about(fest: Fest, client: Client) -> None:
    event = build_event(fest)
    build_submission(build_event(fest), name="Karthik Subramanian")
    leaver = build_submission(event, name="Ben Khan").student
    form = newcomer(name="S Karthik")
    page = text_of(client.post(page_of(leaver, "replace/"), form))
    assert "Did you mean Karthik Subramanian" in page
    client.post(page_of(leaver, "replace/"), form | {"key": key(), "another": "1"})
    assert Student.objects.get(name="S Karthik").registrations.active().count() == 1


def test_further_event_is_added_and_refusals_are_shown(fest: Fest, client: Client, teacher: Teacher) -> None:
    student = build_submission(build_event(fest), name="Asha Rao", email="").student
    more, full = build_event(fest), build_event(fest, capacity=0, waiting_limit=0, name="Full House")
    cache.forget()
    form = {"key": key(), "events": [more.slug, full.slug], "want_waiting": "on"}
    page = client.post(page_of(student, "events/"), form, follow=True)
    assert "Full House is full." in text_of(page)
    assert states(more) == ["confirmed"]
    assert last_change() == ("submitted", "teacher", teacher.user)


def test_events_that_are_held_or_not_for_the_grade_are_not_offered(fest: Fest, client: Client) -> None:
    held, other, older = (build_event(fest, name=name) for name in ("Held", "Other", "Older"))
    Event.objects.filter(pk=older.pk).update(grade_min=9)
    student = build_submission(held, grade=7).student
    cache.forget()
    page = client.get(page_of(student, "events/")).content.decode()
    assert re.findall(r'name="events" value="([^"]*)"', page) == [other.slug]


# ---- Addresses ------------------------------------------------------------------------------------------


def bounced(fest: Fest, **values: Any) -> Student:
    student = build_submission(build_event(fest), **({"email": "old@example.org"} | values)).student
    Delivery.objects.update(state="bounced", queued_at=F("queued_at") - PAUSE * 2)
    return student


def test_bounced_address_is_corrected_on_the_grid_in_one_step(
    fest: Fest, client: Client, teacher: Teacher
) -> None:
    student = bounced(fest)
    old_link = links.my_path(student)
    assert "Save and send again" in text_of(client.get("/teacher/"))
    response = client.post(page_of(student, "address/"), {"email": "new@example.org", "from": "students"})
    assert response["Location"] == f"/teacher/?done=readdressed#s-{student.reference}"
    student.refresh_from_db()
    assert student.email == "new@example.org"
    assert Delivery.objects.get(kind="registered").state == "queued"
    assert Delivery.objects.get(kind="link").to == "new@example.org"
    assert Client().get(old_link).status_code == 404
    assert last_change() == ("corrected", "teacher", teacher.user)


def test_same_address_is_tried_again_but_not_again_and_again(fest: Fest, client: Client) -> None:
    student = bounced(fest)
    form = {"email": "old@example.org"}
    assert client.post(page_of(student, "address/"), form)["Location"].endswith("done=sent")
    Delivery.objects.update(state="bounced")
    assert client.post(page_of(student, "address/"), form)["Location"].endswith("done=patience")
    assert Delivery.objects.get().state == "bounced"


def test_where_all_arrived_the_link_goes_a_few_times_an_hour(fest: Fest, client: Client) -> None:
    student = build_submission(build_event(fest), email="old@example.org").student
    Delivery.objects.update(state="delivered")
    words = [
        client.post(page_of(student, "address/"), {"email": "old@example.org"})["Location"].split("=")[1]
        for _ in range(4)
    ]
    assert words == ["sent", "sent", "sent", "patience"]


@pytest.mark.parametrize(
    "email", ["", "x", "a@b.c\r\nBcc: x@y.example", "x@localhost", "a@b.example,c@d.example"]
)
def test_address_that_is_none_comes_back(fest: Fest, client: Client, email: str) -> None:
    student = bounced(fest)
    page = client.post(page_of(student, "address/"), {"email": email, "from": "students"})
    assert (page.status_code, "There is a problem" in text_of(page)) == (200, True)
    student.refresh_from_db()
    assert (student.email, Delivery.objects.get().state) == ("old@example.org", "bounced")


def test_first_address_of_a_student_gets_the_link(fest: Fest, client: Client) -> None:
    student = build_submission(build_event(fest), email="").student
    client.post(page_of(student, "address/"), {"email": "new@example.org"})
    assert Delivery.objects.values_list("kind", "to").get() == ("link", "new@example.org")


# ---- Sharing --------------------------------------------------------------------------------------------


def test_text_to_share_has_all_that_a_student_needs(fest: Fest, client: Client) -> None:
    race = build_event(fest, capacity=1, name="Robo Race")
    build_submission(race)
    student = build_submission(build_event(fest, name="Quiz"), race, name="Asha Rao").student
    page = client.get(page_of(student, "share/"))
    text = page.context["text"]
    for words in ("Asha Rao", "Quiz: has a seat", "Robo Race: waiting, rank 1", "Main Hall"):
        assert words in text
    assert text.endswith(f"http://testserver{links.my_path(student)}") or links.my_path(student) in text
    assert (page["Cache-Control"], page["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_secret_link_stands_on_no_other_page(fest: Fest, client: Client) -> None:
    student = build_submission(build_event(fest)).student
    for path in ("/teacher/", page_of(student), page_of(student, "details/"), page_of(student, "cancel/")):
        assert links.my_path(student) not in client.get(path).content.decode()


def test_name_of_anybody_is_text_and_nothing_else(fest: Fest, client: Client) -> None:
    student = build_submission(build_event(fest), name="<script>alert(1)</script> {{1234*5678}}").student
    for rest in ("", "details/", "share/", "cancel/", "replace/", "events/"):
        page = client.get(page_of(student, rest)).content.decode()
        assert "<script>alert" not in page
        assert "7006652" not in page


def test_cancelled_one_is_cancelled_for_the_door_too(fest: Fest, client: Client) -> None:
    submission = build_submission(build_event(fest))
    cancel([submission.registrations.get().pk], actor=Change.Actor.TEACHER, deadline=Deadline())
    assert Ticket.objects.live().count() == 0
    assert "No registration." in text_of(client.get(page_of(submission.student)))
