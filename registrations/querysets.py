"""The questions that are asked of schools, students and registrations, by name."""

from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from django.db import models
from django.db.models import Exists, F, OuterRef

if TYPE_CHECKING:
    from registrations.models import Hold, Registration, School, Student, Teacher  # noqa: F401 - the type arguments below


class SchoolQuerySet(models.QuerySet["School"]):
    def accepted(self) -> "SchoolQuerySet":
        return self.filter(state="accepted")


TEACHER_GROUP = "teacher"
"""Django's group of approved teachers; without it nobody is let in."""


class TeacherQuerySet(models.QuerySet["Teacher"]):
    def approved(self) -> "TeacherQuerySet":
        return self.filter(approved_at__isnull=False)

    def with_access(self) -> "TeacherQuerySet":
        """Those who may see their school now: approved, in the group, and with an account that is not closed."""
        return self.approved().filter(user__is_active=True, user__groups__name=TEACHER_GROUP)

    def waiting(self) -> "TeacherQuerySet":
        """Those who asked, proved their address, and wait for an organiser."""
        verified = Exists(EmailAddress.objects.filter(user=OuterRef("user"), verified=True))
        return self.filter(verified, approved_at=None)


class HoldQuerySet(models.QuerySet["Hold"]):
    def unreturned(self) -> "HoldQuerySet":
        """Held, or asked for."""
        return self.filter(returned_at=None)

    def requested(self) -> "HoldQuerySet":
        """Those that wait for an organiser."""
        return self.filter(returned_at=None, held_at=None)

    def held(self) -> "HoldQuerySet":
        """Those whose unused seats count as taken, the most urgent first."""
        return self.filter(returned_at=None, held_at__isnull=False).order_by("until", "pk")

    def use(self, hold_id: int, names: int) -> bool:
        """Gives seats of a block to names; the second wall: never more than it has. `False` when it held."""
        left = self.filter(pk=hold_id, returned_at=None, held_at__isnull=False, used__lte=F("seats") - names)
        return left.update(used=F("used") + names) == 1

    def with_related(self) -> "HoldQuerySet":
        return self.select_related("event__fest", "school", "requested_by")


class StudentQuerySet(models.QuerySet["Student"]):
    def known(self) -> "StudentQuerySet":
        """All but those who were erased, of whom only the row is left, for the counts."""
        return self.filter(erased_at=None)

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
        return self.filter(state="confirmed")

    def waiting(self) -> "RegistrationQuerySet":
        """In the order in which the database accepted them."""
        return self.filter(state="waiting").order_by("queue_position")

    def with_related(self) -> "RegistrationQuerySet":
        return self.select_related("event__fest", "event__venue", "event__category", "student__school")
