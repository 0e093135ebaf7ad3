"""What a teacher wants to see of the board: a plain GET form, and the students that it names."""

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event, Fest
from registrations.fields import TextField, offer
from registrations.forms import PlainForm
from registrations.models import Consent, Registration, School, Student
from registrations.querysets import StudentQuerySet
from registrations.students.names import name_key
from tickets.teacher.mail_status import in_trouble, with_mail

CLASS_ORDER = ("grade", "section", "name_key", "pk")
"""As a class register reads."""
NO_REGISTRATION = "none"
NO_EMAIL = "no-email"
IN_TROUBLE = "trouble"


class FilterForm(PlainForm):
    """Every field may be empty, and what cannot be read filters nothing."""

    name = TextField(label=gettext_lazy("Name"), max_characters=200, too_long="", required=False)
    grade = forms.TypedChoiceField(label=gettext_lazy("Grade"), coerce=int, empty_value=None, required=False)
    section = forms.ChoiceField(label=gettext_lazy("Section"), required=False)
    event = forms.ChoiceField(label=gettext_lazy("Event"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    mail = forms.ChoiceField(label=gettext_lazy("Mail"), required=False)

    def __init__(
        self, *args: Any, grades: list[int], sections: list[str], events: list[Event], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        everything = ("", _("All"))
        offer(self, "grade", [everything, *((grade, str(grade)) for grade in grades)])
        offer(self, "section", [everything, *((section, section) for section in sections)])
        offer(self, "event", [everything, *((event.slug, event.name) for event in events)])
        states = {
            "confirmed": _("has a seat"),
            "waiting": _("waits"),
            "cancelled": _("cancelled"),
            NO_REGISTRATION: _("nothing at all"),
        }
        offer(self, "state", [everything, *states.items()])
        offer(self, "mail", [everything, (IN_TROUBLE, _("did not arrive")), (NO_EMAIL, _("no e-mail"))])

    @property
    def chosen(self) -> dict[str, Any]:
        """What was chosen and can be read; nothing else."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}


def students_of(school: School, fest: Fest) -> StudentQuerySet:
    """Everybody of this school in this fest, as a class register reads, with consent and mail."""
    consents = Consent.objects.filter(student=OuterRef("pk"))
    rows = Student.objects.known().filter(school=school, fest=fest).annotate(has_consent=Exists(consents))
    return with_mail(rows).order_by(*CLASS_ORDER)


def filtered(students: StudentQuerySet, chosen: dict[str, Any]) -> StudentQuerySet:
    """The students that the filters leave. Event and state are about one and the same registration."""
    if "name" in chosen:
        students = students.filter(name_key__contains=name_key(chosen["name"]))
    for field in ("grade", "section"):
        if field in chosen:
            students = students.filter(**{field: chosen[field]})
    if "mail" in chosen:
        is_without = chosen["mail"] == NO_EMAIL
        students = students.filter(email="") if is_without else in_trouble(students)
    return _with_registration(students, chosen)


def _with_registration(students: StudentQuerySet, chosen: dict[str, Any]) -> StudentQuerySet:
    if not chosen.keys() & {"event", "state"}:
        return students
    rows = Registration.objects.filter(student=OuterRef("pk"))
    if "event" in chosen:
        rows = rows.filter(event__slug=chosen["event"])
    state = chosen.get("state")
    if state == NO_REGISTRATION:
        return students.filter(~Exists(rows.active()))
    if state == "confirmed":
        return students.filter(Exists(rows.holding_seats()))
    return students.filter(Exists(rows.filter(state=state) if state else rows.active()))
