"""A consent is proof: it stays as long as its student, whichever program has the application's database role."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from registrations.models import Consent, Student
from registrations.privacy.erase import erase
from registrations.students.merge import merge_students
from registrations.tests.builders import build_event, build_fest, build_submission, build_user
from techfest.core.db.locking import Deadline

pytestmark = pytest.mark.django_db


def build_students(count: int) -> list[Student]:
    event = build_event(build_fest(), capacity=count)
    return [build_submission(event).student for _ in range(count)]


def is_refused(change: Any) -> bool:
    try:
        with transaction.atomic():
            change()
    except IntegrityError:
        return True
    return False


def test_consent_of_a_student_can_be_neither_deleted_nor_changed() -> None:
    first, second = build_students(2)
    mine = Consent.objects.filter(student=first)
    assert is_refused(mine.delete)
    assert is_refused(lambda: mine.update(basis=Consent.Basis.PAPER))
    assert is_refused(lambda: mine.update(student=second, basis=Consent.Basis.PAPER))
    assert mine.count() == 1


def test_consent_cannot_move_to_another_student() -> None:
    first, second = build_students(2)
    text = Consent.objects.get(student=first).text
    paper = Consent.objects.create(student=first, text=text, basis=Consent.Basis.PAPER)
    assert is_refused(lambda: Consent.objects.filter(pk=paper.pk).update(student=second))


def test_consent_goes_with_an_erased_student() -> None:
    first, second = build_students(2)
    erase([first.pk], deadline=Deadline())
    assert list(Consent.objects.values_list("student", flat=True)) == [second.pk]


def test_consents_of_merged_students_come_together() -> None:
    kept, removed = build_students(2)
    text = Consent.objects.get(student=kept).text
    Consent.objects.create(student=removed, text=text, basis=Consent.Basis.PAPER)
    merge_students(kept.pk, removed.pk, user=build_user(), reason="twice", deadline=Deadline())
    found = Consent.objects.order_by("basis").values_list("student", "basis")
    assert list(found) == [(kept.pk, Consent.Basis.FORM), (kept.pk, Consent.Basis.PAPER)]
