"""The sentence that teachers confirm: their own wording, stored before it is shown."""

from functools import partial

import pytest

from events.models import Fest
from registrations.models import ConsentText
from registrations.students.consents import (
    DEFAULT_TEXT,
    TEACHERS_TEXT,
    current_text,
    newest_text,
    teachers_text,
)
from registrations.tests.builders import build_fest
from registrations.tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_teachers_confirm_a_sentence_of_their_own_which_is_stored_as_shown() -> None:
    fest = build_fest()
    ConsentText.objects.update(text=DEFAULT_TEXT)
    shown = teachers_text(fest)
    assert (shown.text, shown.audience) == (TEACHERS_TEXT, "teachers")
    assert teachers_text(fest) == shown
    assert current_text(fest).text == DEFAULT_TEXT


def test_teachers_confirm_the_wording_of_the_fest_and_read_a_new_one_again() -> None:
    fest = build_fest()
    first = teachers_text(fest)
    assert first.text.endswith("“I agree.”")
    ConsentText.objects.create(fest=fest, version=8, text="I agree to photographs, too.")
    second = teachers_text(fest)
    assert second.text.endswith("“I agree to photographs, too.”")
    assert second.version > first.version
    assert newest_text(fest) == ConsentText.objects.get(version=8)


def test_sentence_that_an_organiser_wrote_for_teachers_stays() -> None:
    fest = build_fest()
    own = ConsentText.objects.create(fest=fest, version=5, audience="teachers", text="I have the forms.")
    ConsentText.objects.create(fest=fest, version=6, text="Another one.")
    assert teachers_text(fest) == own


def test_teachers_who_open_the_page_at_once_read_one_sentence() -> None:
    fest = build_fest()
    assert len({one.pk for one in at_once([lambda: teachers_text(fest)] * 4)}) == 1
    assert ConsentText.objects.filter(fest=fest).count() == 2


def build_fest_without_text() -> Fest:
    """A fest as the admin creates it: its texts are stored when they are first shown."""
    fest = build_fest()
    ConsentText.objects.all().delete()
    return Fest.objects.get(pk=fest.pk)


def test_sentence_of_teachers_that_comes_first_is_not_shown_to_students() -> None:
    fest = build_fest_without_text()
    assert teachers_text(fest).text == TEACHERS_TEXT
    shown = current_text(fest)
    assert (shown.text, shown.audience) == (DEFAULT_TEXT, "students")
    assert newest_text(fest) == shown
    assert ConsentText.objects.filter(fest=fest).count() == 2


def test_fest_whose_only_text_is_that_of_teachers_gets_one_for_students() -> None:
    fest = build_fest_without_text()
    ConsentText.objects.create(fest=fest, version=1, audience="teachers", text=TEACHERS_TEXT)
    assert current_text(fest).text == DEFAULT_TEXT
    assert teachers_text(fest).version == 1


def test_first_teacher_and_first_student_at_once_read_their_own_texts() -> None:
    fest = build_fest_without_text()

    def texts_of_one_request(number: int) -> str:
        own = Fest.objects.get(pk=fest.pk)  # each request has a fest object of its own
        return teachers_text(own).text if number % 2 else current_text(own).text

    shown = at_once([partial(texts_of_one_request, number) for number in range(6)])
    assert shown == [DEFAULT_TEXT, TEACHERS_TEXT] * 3
    assert sorted(ConsentText.objects.values_list("audience", flat=True)) == ["students", "teachers"]
