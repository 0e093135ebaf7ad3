"""Correcting the school of a student: the form, the page that asks, and the report."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.models import School, Student
from registrations.students.change_school import change_school
from registrations.students.names import grouped
from techfest.core.admin.confirmation import Confirmation, ReasonForm
from techfest.core.db.locking import Deadline


class SchoolForm(ReasonForm):
    school = forms.ModelChoiceField(
        label=gettext_lazy("The right school"),
        queryset=School.objects.order_by("name", "pk"),
        error_messages={"required": gettext_lazy("Choose the school")},
    )
    field_order = ("school", "reason")


def school_confirmation(chosen: Sequence[Student]) -> Confirmation:
    return Confirmation(
        title=_("Correct the school"),
        submit_label=_("Correct it"),
        chosen=chosen,
        summary=[
            _(
                "Seats, ranks and tickets stay. Teachers of the new school see the student, those of the old do not."
            )
        ],
        rows=[f"{one.name} ({grouped(one.reference)}): {one.school.name}" for one in chosen],
    )


def correct_school_and_report(student: Student, user: Any, wanted: dict[str, Any]) -> list[tuple[str, int]]:
    school: School = wanted["school"]
    change_school(student.pk, school=school, user=user, reason=wanted["reason"], deadline=Deadline())
    text = _("%(student)s is a student of %(school)s now.")
    return [(text % {"student": student.name, "school": school.name}, messages.SUCCESS)]
