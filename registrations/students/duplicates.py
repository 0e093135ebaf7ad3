"""Students who may be one: the same name in the same school, told apart by grade, section or roll number only."""

from django.db.models import Exists, OuterRef

from registrations.models import Student
from registrations.querysets import StudentQuerySet


def with_namesakes(students: StudentQuerySet) -> StudentQuerySet:
    """Those of whom another student of this fest, school and name is there; one question for all of them."""
    others = Student.objects.filter(
        fest=OuterRef("fest"), school=OuterRef("school"), name_key=OuterRef("name_key"), erased_at=None
    )
    return students.filter(Exists(others.exclude(pk=OuterRef("pk"))), erased_at=None)


SIDE_BY_SIDE = ("school__name", "name_key", "grade", "section", "pk")
"""The order in which namesakes stand together."""
