"""The questions that are asked of schools, students and registrations, by name."""

from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from django.db import models
from django.db.models import Exists, OuterRef

if TYPE_CHECKING:
    from registrations.models import Registration, School, Student, Teacher  # noqa: F401 - the type arguments below


class SchoolQuerySet(models.QuerySet["School"]):
    def accepted(self) -> "SchoolQuerySet":
        return self.filter(state="accepted")


class TeacherQuerySet(models.QuerySet["Teacher"]):
    def approved(self) -> "TeacherQuerySet":
        return self.filter(approved_at__isnull=False)

    def waiting(self) -> "TeacherQuerySet":
        """Those who asked, proved their address, and wait for an organiser."""
        proven = Exists(EmailAddress.objects.filter(user=OuterRef("user"), verified=True))
        return self.filter(proven, approved_at=None)


class StudentQuerySet(models.QuerySet["Student"]):
    def namesakes(self, student: "Student") -> "StudentQuerySet":
        """All of this name and grade in this school and fest, whatever their section or roll number."""
        return self.filter(
            fest_id=student.fest_id,
            school_id=student.school_id,
            grade=student.grade,
            name_key=student.name_key,
        )

    def locked(self) -> "StudentQuerySet":
        """In primary-key order, locked until the transaction ends; after the events, by the lock order."""
        return self.order_by("pk").select_for_update(no_key=True, of=("self",))


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def active(self) -> "RegistrationQuerySet":
        return self.exclude(state="cancelled")

    def holding_seats(self) -> "RegistrationQuerySet":
        return self.filter(state__in=("confirmed", "offered"))

    def waiting(self) -> "RegistrationQuerySet":
        """In the order in which the database accepted them."""
        return self.filter(state="waiting").order_by("place")

    def with_facts(self) -> "RegistrationQuerySet":
        return self.select_related("event__fest", "event__venue", "event__category", "student__school")
