"""The grid of students and events: its rows, cells and filters."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from events import cache
from events.models import Fest
from registrations.booking.cancel import cancel
from registrations.models import Change, Student, Teacher
from registrations.students.names import grouped
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.db.locking import Deadline
from tickets.models import Delivery
from tickets.tests.audited import damage
from tickets.tests.builders.teachers import build_teacher, signed_in, text_of

pytestmark = pytest.mark.django_db

HOME = "/teacher/"


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def teacher() -> Teacher:
    return build_teacher()


def rows_of(response: Any) -> dict[str, list[str]]:
    """The name of each student on the page, and the words of its cells."""
    found = {}
    for row in re.findall(r'<tr id="s-.*?</tr>', response.content.decode(), re.DOTALL):
        row = re.sub(r'<span class="colon">: </span>', "", row)
        row = re.sub(r'<span\s+class="label">.*?</span>', "", row, flags=re.DOTALL)  # for phones
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        words = [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", cell)).strip() for cell in cells]
        found[words[0]] = [word for word in words[1:] if word not in ("·", "–")]
    return found


def names(client: Client, query: str = "") -> list[str]:
    return list(rows_of(client.get(HOME + query)))


def test_row_says_class_seat_consent_and_mail(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=1, name="Robo Race")
    build_submission(event, name="Asha Rao", grade=7, section="b", roll_number="12")
    build_submission(event, name="Ben Das", grade=8, email="")
    assert rows_of(signed_in(teacher).get(HOME)) == {
        "Asha Rao": ["7 B", "12", "on record", "queued", "seat"],
        "Ben Das": ["8", "on record", "no e-mail", "waiting, rank 1"],
    }


def test_counts_stand_on_top(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=1)
    build_submission(event)
    build_submission(event, email="")
    Delivery.objects.update(state="bounced")
    page = text_of(signed_in(teacher).get(HOME))
    for words in ("2 students", "1 seat", "1 waiting", "1 without e-mail", "1 mail did not arrive"):
        assert words in page


def test_only_the_teachers_school_and_the_current_fest_are_there(fest: Fest, teacher: Teacher) -> None:
    build_submission(build_event(fest), name="Asha Rao")
    build_submission(build_event(fest), name="Zarina Khan", school="Hill School")
    build_submission(build_event(build_fest()), name="Last Year")
    assert names(signed_in(teacher)) == ["Asha Rao"]
    assert "Zarina" not in text_of(signed_in(teacher).get(HOME))


def test_missing_consent_is_shown(fest: Fest, teacher: Teacher) -> None:
    build_submission(build_event(fest))
    damage("DELETE FROM registrations_consent")
    assert "missing" in text_of(signed_in(teacher).get(HOME))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("queued", "queued"),
        ("sending", "queued"),
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("bounced", "bounced"),
        ("failed", "failed"),
        ("complained", "marked as spam"),
    ],
)
def test_mail_state_is_a_word(fest: Fest, teacher: Teacher, state: str, words: str) -> None:
    build_submission(build_event(fest), name="Asha Rao")
    Delivery.objects.update(state=state)
    assert rows_of(signed_in(teacher).get(HOME))["Asha Rao"][2].startswith(words)


def test_registered_again_after_a_cancellation_shows_the_seat(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    first = build_submission(event, name="Asha Rao", email="a@example.org")
    cancel([first.registrations.get().pk], actor=Change.Actor.STUDENT, deadline=Deadline())
    build_submission(event, name="Asha Rao", email="a@example.org")
    for query in ("", "?state=cancelled"):
        assert "seat" in rows_of(signed_in(teacher).get(HOME + query))["Asha Rao"]


def test_filters_leave_what_they_name(fest: Fest, teacher: Teacher) -> None:
    race, quiz = build_event(fest, capacity=1, slug="race"), build_event(fest, slug="quiz")
    build_submission(race, name="Asha Rao", grade=7, section="A")
    build_submission(race, name="Ben Das", grade=7, section="B")
    gone = build_submission(quiz, name="Chitra Rao", grade=8, email="")
    cancel([gone.registrations.get().pk], actor=Change.Actor.STUDENT, deadline=Deadline())
    Delivery.objects.filter(student__name="Ben Das").update(state="bounced")
    client = signed_in(teacher)
    assert {query: names(client, f"?{query}") for query in (
        "grade=7",
        "section=B",
        "grade=7&section=A",
        "event=race",
        "event=race&state=waiting",
        "state=confirmed",
        "state=cancelled",
        "state=none",
        "mail=trouble",
        "mail=no-email",
        "name=rAO",
        "name=nobody",
    )} == {
        "grade=7": ["Asha Rao", "Ben Das"],
        "section=B": ["Ben Das"],
        "grade=7&section=A": ["Asha Rao"],
        "event=race": ["Asha Rao", "Ben Das"],
        "event=race&state=waiting": ["Ben Das"],
        "state=confirmed": ["Asha Rao"],
        "state=cancelled": ["Chitra Rao"],
        "state=none": ["Chitra Rao"],
        "mail=trouble": ["Ben Das"],
        "mail=no-email": ["Chitra Rao"],
        "name=rAO": ["Asha Rao", "Chitra Rao"],
        "name=nobody": [],
    }  # fmt: skip


def test_roll_number_and_reference_are_found_as_they_are_printed(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    asha = build_submission(event, name="Asha Rao", roll_number="R-1").student
    build_submission(event, name="Ben Das", roll_number="R-12")
    client, reference = signed_in(teacher), grouped(asha.reference)
    assert "-" in reference
    for text in ("r1", "R-1", reference, reference.lower(), asha.reference):
        assert names(client, f"?name={text}") == ["Asha Rao"]
    assert names(client, "?name=12") == []


def test_rows_are_sorted_by_name_class_event_and_state(fest: Fest, teacher: Teacher) -> None:
    race, quiz = build_event(fest, capacity=1, slug="race"), build_event(fest, slug="quiz")
    build_submission(quiz, name="Ben Das", grade=9)
    build_submission(race, name="Chitra Rao", grade=7)
    build_submission(race, name="Asha Rao", grade=8)
    client = signed_in(teacher)
    assert {query: names(client, f"?{query}") for query in (
        "", "sort=name", "sort=event", "sort=state", "sort=state&event=race", "sort=nonsense",
    )} == {
        "": ["Chitra Rao", "Asha Rao", "Ben Das"],
        "sort=name": ["Asha Rao", "Ben Das", "Chitra Rao"],
        "sort=event": ["Chitra Rao", "Asha Rao", "Ben Das"],
        "sort=state": ["Asha Rao", "Chitra Rao", "Ben Das"],
        "sort=state&event=race": ["Asha Rao", "Chitra Rao"],
        "sort=nonsense": ["Chitra Rao", "Asha Rao", "Ben Das"],
    }  # fmt: skip
    page = client.get(f"{HOME}?grade=7&sort=name").content.decode()
    assert 'aria-sort="ascending"><a\nhref="?grade=7&amp;sort=name#students"' in page
    assert "1 student matches." in text_of(client.get(f"{HOME}?grade=7&sort=name"))
    assert "match" not in text_of(client.get(f"{HOME}?sort=name"))


def test_one_action_is_a_button_and_the_others_are_in_a_menu_without_a_script(
    fest: Fest, teacher: Teacher
) -> None:
    build_submission(build_event(fest))
    page = signed_in(teacher).get(HOME).content.decode()
    actions, menu = page.partition('<details class="menu">')[::2]
    assert "All tickets as one PDF" in actions
    assert menu.partition("</details>")[0].count("<li>") == 5


def test_cancelled_shows_only_where_it_is_asked_for(fest: Fest, teacher: Teacher) -> None:
    gone = build_submission(build_event(fest), name="Asha Rao", email="")
    cancel([gone.registrations.get().pk], actor=Change.Actor.STUDENT, deadline=Deadline())
    client = signed_in(teacher)
    assert rows_of(client.get(HOME))["Asha Rao"] == ["7", "on record", "no e-mail"]
    assert "cancelled" in rows_of(client.get(f"{HOME}?state=cancelled"))["Asha Rao"]


@pytest.mark.parametrize(
    "query", ["grade=x", "event=%00", "state=DROP", "page=-1", "page=x", "name=" + "a" * 300]
)
def test_filter_that_cannot_be_read_filters_nothing(fest: Fest, teacher: Teacher, query: str) -> None:
    build_submission(build_event(fest), name="Asha Rao")
    assert names(signed_in(teacher), f"?{query}") == ["Asha Rao"]


def test_hundred_students_make_a_page(fest: Fest, teacher: Teacher) -> None:
    Student.objects.bulk_create(
        Student(fest=fest, school=teacher.school, grade=7, name=f"S{n:03}", name_key=f"s{n:03}")
        for n in range(101)
    )
    client = signed_in(teacher)
    assert (len(names(client)), names(client, "?page=2")) == (100, ["S100"])


@pytest.mark.parametrize("students", [1, 3])
def test_grid_asks_the_same_number_of_queries(fest: Fest, teacher: Teacher, students: int) -> None:
    for _ in range(students):
        build_submission(build_event(fest), build_event(fest))
    client = signed_in(teacher)
    cache.cached_fest()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(HOME).status_code == 200
    assert len(asked) == 10


def test_school_without_students_is_led_to_the_class_lists(fest: Fest, teacher: Teacher) -> None:
    page = text_of(signed_in(teacher).get(HOME))
    assert "No student of your school is registered yet" in page
    assert "<table" not in page


def test_without_a_fest_the_page_says_so(teacher: Teacher) -> None:
    assert "There is no fest yet" in text_of(signed_in(teacher).get(HOME))
