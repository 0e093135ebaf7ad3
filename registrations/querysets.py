"""Querysets of schools, teachers, holds, students and registrations."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from django.db import models
from django.db.models import Exists, F, OuterRef

from techfest.core.db.batch import Batch

if TYPE_CHECKING:
    from registrations.models import Hold, Registration, School, Student, Teacher  # noqa: F401 - the type arguments below


class SchoolQuerySet(models.QuerySet["School"]):
    def accepted(self) -> "SchoolQuerySet":
        return self.filter(state="accepted")


TEACHER_GROUP = "teacher"
"""The group of approved teachers; access to teacher pages requires it."""


class TeacherQuerySet(models.QuerySet["Teacher"]):
    def approved(self) -> "TeacherQuerySet":
        return self.filter(approved_at__isnull=False)

    def with_access(self) -> "TeacherQuerySet":
        """Teachers with access now: approved, in the group, with an active account."""
        return self.approved().filter(user__is_active=True, user__groups__name=TEACHER_GROUP)

    def waiting(self) -> "TeacherQuerySet":
        """Teachers who requested access, confirmed their address, and wait for an organiser."""
        verified = Exists(EmailAddress.objects.filter(user=OuterRef("user"), verified=True))
        return self.filter(verified, approved_at=None)


HOLD_GUARDS = frozenset({"hold_uses_its_seats", "registrations_hold_used_check"})
_USE = """
    UPDATE registrations_hold
    SET used = CASE WHEN returned_at IS NULL AND held_at IS NOT NULL THEN used + $2 ELSE -1 END
    WHERE id = $1
"""


class HoldQuerySet(models.QuerySet["Hold"]):
    def unreturned(self) -> "HoldQuerySet":
        """Requested or held."""
        return self.filter(returned_at=None)

    def requested(self) -> "HoldQuerySet":
        """Holds that wait for an organiser's decision."""
        return self.filter(returned_at=None, held_at=None)

    def held(self) -> "HoldQuerySet":
        """Holds whose unused seats count as taken, the one that ends first in front."""
        return self.filter(returned_at=None, held_at__isnull=False).order_by("until", "pk")

    def queue_use(self, batch: Batch, hold_id: int, names: int) -> None:
        """As `use`, as a statement of a batch, which violates one of `HOLD_GUARDS` if they do not fit."""
        batch.add(_USE, [hold_id, names])

    def use(self, hold_id: int, names: int) -> bool:
        """Uses seats of a hold, never more than it has left; `False` if they do not fit."""
        left = self.filter(pk=hold_id, returned_at=None, held_at__isnull=False, used__lte=F("seats") - names)
        return left.update(used=F("used") + names) == 1

    def with_related(self) -> "HoldQuerySet":
        return self.select_related("event__fest", "school", "requested_by")


class StudentQuerySet(models.QuerySet["Student"]):
    def known(self) -> "StudentQuerySet":
        """All except erased students, whose empty rows remain for the counts."""
        return self.filter(erased_at=None)

    def namesakes(self, student: "Student") -> "StudentQuerySet":
        """All students of this name and grade in this school and fest, whatever their section or roll number."""
        return self.filter(
            fest_id=student.fest_id,
            school_id=student.school_id,
            grade=student.grade,
            initials=student.initials,
            name_key=student.name_key,
        )

    def perhaps_alike(self, student: "Student", initials: Iterable[str]) -> "StudentQuerySet":
        """The students of this grade, school and fest with these initials, whose names may be like this one's."""
        return self.filter(
            fest_id=student.fest_id,
            school_id=student.school_id,
            grade=student.grade,
            initials__in=initials,
        )

    def locked(self) -> "StudentQuerySet":
        """Locks the rows in primary-key order. By the lock order, events are locked before students."""
        return self.order_by("pk").select_for_update(no_key=True, of=("self",))


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def active(self) -> "RegistrationQuerySet":
        return self.exclude(state="cancelled")

    def holding_seats(self) -> "RegistrationQuerySet":
        return self.filter(state="confirmed")

    def waiting(self) -> "RegistrationQuerySet":
        """Those on the waiting list, in its order."""
        return self.filter(state="waiting").order_by("queue_position")

    def with_related(self) -> "RegistrationQuerySet":
        return self.select_related("event__fest", "event__venue", "event__category", "student__school")
