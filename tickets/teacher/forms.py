"""Forms of the teachers' pages."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.availability import Availability
from events.cache import cached_fest
from events.models import Event, Fest
from registrations.fields import EmailField, TextField, offer
from registrations.forms import EventsForm, OthersDetailsForm, PlainForm
from registrations.models import ClassList, School, Student, Teacher
from registrations.students.consents import teachers_text
from registrations.students.identity import Details
from tickets.school_students import BY_EVENT, BY_NAME, BY_STATE, IN_TROUBLE, NO_EMAIL, NO_REGISTRATION


class StudentForm(OthersDetailsForm):
    """A student's details, entered by a teacher."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail of the student or a parent (optional)")
        self.fields["email"].help_text = _(
            "The ticket goes to this address. Without one, print it from “All tickets as one PDF”."
        )
        self.fields["roll_number"].help_text = _("Tells namesakes apart.")

    def details(self, school: School, language: str) -> Details:
        """The identity of the student; the form must be valid."""
        return Details(
            **self.student_values, school=school.name, language=language, is_another=self.is_another
        )


class EventsOfStudentForm(EventsForm):
    """Further events of a registered student."""

    def __init__(self, *args: Any, events: list[Event], **kwargs: Any) -> None:
        super().__init__(*args, events=events, **kwargs)
        self.fields["want_waiting"].label = _("If an event is full, put the student on its waiting list")


class TeachersConsentForm(StudentForm):
    """With the sentence that a teacher confirms about the parents.

    `wording` is the text that was shown; nobody confirms another one.
    """

    consent = forms.BooleanField(
        error_messages={"required": gettext_lazy("Tick the box once the parents have agreed")}
    )
    wording = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, fest: Fest, **kwargs: Any) -> None:
        super().__init__(*args, fest=fest, **kwargs)
        self.consent_text = teachers_text(fest)
        self.fields["consent"].label = self.consent_text.text
        self.initial["wording"] = str(self.consent_text.pk)
        if self.data.get("wording", self.initial["wording"]) != self.initial["wording"]:
            answers: Any = self.data
            self.data = answers = answers.copy()
            answers.pop("consent", None)
            answers["wording"] = self.initial["wording"]
            words = _("The wording was changed. Read it again, then tick the box")
            self.fields["consent"].error_messages["required"] = words


class NewStudentForm(EventsOfStudentForm, TeachersConsentForm):
    """A student who is not registered yet."""


class NewcomerForm(TeachersConsentForm):
    """The replacement: a student of the school, or a new one with details."""

    known = forms.ChoiceField(
        label=gettext_lazy("A student of your school"),
        required=False,
        widget=forms.Select(attrs={"translate": "no"}),
        error_messages={"invalid_choice": gettext_lazy("Select a student of your school")},
    )
    field_order = ("known",)

    def __init__(self, *args: Any, fest: Fest, others: list[Student], **kwargs: Any) -> None:
        super().__init__(*args, fest=fest, **kwargs)
        new_student = ("", _("A new student, entered below"))
        offer(
            self, "known", [new_student, *((student.reference, student_line(student)) for student in others)]
        )
        self.others = {student.reference: student for student in others}
        if self.data.get("known"):
            for name in ("name", "grade"):
                self.fields[name].required = False

    @property
    def newcomer(self) -> Student | None:
        """The chosen student, `None` for a new one; the form must be valid."""
        return self.others.get(self.cleaned_data["known"])

    @property
    def newcomer_name(self) -> str:
        name: str = self.newcomer.name if self.newcomer else self.cleaned_data["name"]
        return name


class AddressForm(PlainForm):
    """A new address of a student, or the same again."""

    email = EmailField(
        label=gettext_lazy("E-mail"),
        error_messages={"required": gettext_lazy("Enter an e-mail address")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs["autocomplete"] = "off"  # a browser would offer the teacher's


def student_line(student: Student) -> str:
    """A student in one line of a list."""
    return f"{student.name} · {student.school_class}"


def events_open_to(student: Student | None = None) -> list[Event]:
    """Events open for registration now; for a student, those they can still be registered for."""
    current = cached_fest()
    events = [event for event in current.events if Availability(event, current.now).is_form_open]
    if student is None:
        return events
    held = set(student.registrations.active().values_list("event_id", flat=True))
    return [event for event in events if event.pk not in held and event.has_room_for_grade(student.grade)]


class FilterForm(PlainForm):
    """Filters of the grid. Every field is optional; invalid values filter nothing."""

    name = TextField(
        label=gettext_lazy("Name, roll number or reference"), max_characters=200, too_long="", required=False
    )
    grade = forms.TypedChoiceField(label=gettext_lazy("Grade"), coerce=int, empty_value=None, required=False)
    section = forms.ChoiceField(
        label=gettext_lazy("Section"), required=False, widget=forms.Select(attrs={"translate": "no"})
    )
    event = forms.ChoiceField(
        label=gettext_lazy("Event"), required=False, widget=forms.Select(attrs={"translate": "no"})
    )
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    mail = forms.ChoiceField(label=gettext_lazy("Mail"), required=False)
    sort = forms.ChoiceField(label=gettext_lazy("Sort by"), required=False)

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
            "waiting": _("waiting"),
            "cancelled": _("cancelled"),
            NO_REGISTRATION: _("no registration"),
        }
        offer(self, "state", [everything, *states.items()])
        orders = {
            "": _("class"),
            BY_NAME: _("name"),
            BY_EVENT: _("event"),
            BY_STATE: _("state, waiting first"),
        }
        offer(self, "sort", orders.items())
        offer(self, "mail", [everything, (IN_TROUBLE, _("did not arrive")), (NO_EMAIL, _("no e-mail"))])

    @property
    def chosen(self) -> dict[str, Any]:
        """The valid filters that are set."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}

    @property
    def filters(self) -> dict[str, Any]:
        """The valid filters that are set, without the order, which leaves nobody out."""
        return {name: value for name, value in self.chosen.items() if name != "sort"}

    def sorted_by(self, order: str, **changes: str) -> str:
        """The query of the same page in this order, from its first page on."""
        return urlencode({**self.filters, **changes, **({"sort": order} if order else {})})


class HandoverForm(PlainForm):
    """Which class lists to hand over, and to whom."""

    lists = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Class lists"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Select at least one class list")},
    )
    colleague = forms.TypedChoiceField(
        label=gettext_lazy("To whom"),
        coerce=int,
        widget=forms.RadioSelect(attrs={"translate": "no"}),
        error_messages={"required": gettext_lazy("Select a colleague")},
    )

    def __init__(self, *args: Any, lists: list[ClassList], colleagues: list[Teacher], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "lists", [(row.pk, _list_line(row)) for row in lists])
        offer(self, "colleague", [(teacher.pk, teacher.name) for teacher in colleagues])


def _list_line(row: ClassList) -> str:
    owner = row.owner.get_full_name() or row.owner.get_username()
    return _("%(title)s (now with %(owner)s)") % {"title": row.title, "owner": owner}
