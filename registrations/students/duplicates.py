"""Registered students who may be one: what the organisers' list of possible duplicates shows, and whom to merge."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from registrations.models import Student
from registrations.students.likeness import Labels, Likeness, likeness, likeness_of
from registrations.students.name_parts import parts_of

DUPLICATES_ORDER = ("school__name", "initials", "name_key", "grade", "section", "pk")
"""Ordering that lists possible duplicates next to each other."""
_COMPARED = ("fest", "school", "grade", "initials", "pk", "name_key", "section", "roll_number")


def with_possible_duplicates(students: QuerySet[Student]) -> QuerySet[Student]:
    """Return the students who have a namesake in the same fest and school, or a similar name beside them in the grade.

    Two queries.
    """
    others = Student.objects.filter(
        fest=OuterRef("fest"), school=OuterRef("school"), name_key=OuterRef("name_key"), erased_at=None
    )
    has_namesake = Exists(others.exclude(pk=OuterRef("pk")))
    return students.filter(has_namesake | Q(pk__in=_similar(students)), erased_at=None)


def possible_duplicates(one: Student, *, among: QuerySet[Student]) -> QuerySet[Student]:
    """Return the namesakes of a student and those of the same grade with a similar name."""
    perhaps = Student.objects.known().perhaps_alike(one, parts_of(one.name_key).initials_alike)
    alike = [
        other.pk for other in perhaps if likeness(one, other, at_least=Likeness.PROBABLE) >= Likeness.PROBABLE
    ]
    found = among.filter(fest=one.fest_id, school=one.school_id, erased_at=None)
    return found.filter(Q(name_key=one.name_key) | Q(pk__in=alike)).exclude(pk=one.pk)


def _similar(students: QuerySet[Student]) -> Iterable[int]:
    """Return the primary keys of students with a similar name beside them."""
    held: dict[tuple[int, int, int, str], list[tuple[int, str, Labels]]] = defaultdict(list)
    for *group, pk, key, section, number in students.filter(erased_at=None).values_list(*_COMPARED):
        held[tuple(group)].append((pk, key, Labels(section, number)))
    found: set[int] = set()
    for (fest, school, grade, _initials), some in held.items():
        for pk, key, labels in some:
            name = parts_of(key)
            for initials in set(name.initials_alike):
                for other, its_key, its_labels in held.get((fest, school, grade, initials), ()):
                    level = likeness_of(
                        name, parts_of(its_key), labels, its_labels, at_least=Likeness.PROBABLE
                    )
                    if other != pk and level >= Likeness.PROBABLE:
                        found |= {pk, other}
    return found
