"""What is asked of students, in the words of the pages."""

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event, Fest
from registrations.fields import EmailField, TextField, offer
from registrations.models import ConsentText, Student
from registrations.students.fields import StudentFields
from registrations.students.identity import Details
from registrations.students.names import school_key
from techfest.core.formatting import exact_moment
from techfest.core.text_limits import LimitedText


class PlainForm(LimitedText, forms.Form):
    """No colon, no `required` attribute, no validation by the browser: the server is the only judge."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class Sentences(forms.RadioSelect):
    """One choice below the other: each is longer than a grade."""

    template_name = "django/forms/widgets/multiple_input.html"


class DetailsForm(StudentFields, PlainForm):
    """Who somebody is; shared by the form and by the page that corrects it."""

    def __init__(self, *args: Any, fest: Fest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "grade", [(grade, str(grade)) for grade in fest.grades])


class OwnDetailsForm(DetailsForm):
    """The same behind a student's own link. Where the fest asks for confirmed addresses, none may be taken away."""

    def __init__(self, data: QueryDict | None = None, *, student: Student) -> None:
        super().__init__(data, initial=details_of(student), fest=student.fest)
        if student.fest.confirms_addresses and student.email:
            words = _("Enter an e-mail address: this fest asks for one, and sends a link to confirm it")
            require_email(self, words)


def require_email(form: DetailsForm, words: str) -> None:
    field = form.fields["email"]
    field.required, field.label = True, _("E-mail, yours or a parent's")
    field.error_messages["required"] = words


class EventsField(forms.MultipleChoiceField):
    """Some events are offered; `known` ones may be named as well, and are judged by the seat transaction."""

    known: Collection[str] = ()

    def valid_value(self, value: str) -> bool:
        return value in self.known


class EventsForm(PlainForm):
    """Which events; the choice is by slug, the answer is the events."""

    events = EventsField(
        label=gettext_lazy("Events"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Select at least one event"),
            "invalid_choice": gettext_lazy("Registration for one of these events is closed"),
        },
    )
    want_waiting = forms.BooleanField(
        label=gettext_lazy("If an event is full, put me on its waiting list"), required=False, initial=True
    )

    def __init__(
        self, *args: Any, events: Sequence[Event], known: Sequence[Event] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.offered, self.known = events, {event.slug: event for event in known or events}
        offer(self, "events", [(event.slug, _lazy_label(event)) for event in events])
        self.fields["events"].known = self.known  # type: ignore[attr-defined]  # an EventsField

    @property
    def names_unknown_event(self) -> bool:
        """Whether an event was named that is none, or a draft, or not of this fest: all the same."""
        return self.has_error("events", "invalid_choice")

    def clean_events(self) -> list[Event]:
        events = [self.known[slug] for slug in dict.fromkeys(self.cleaned_data["events"])]
        _refuse_overlaps(events)
        return events


class OwnEventsForm(EventsForm):
    """Further events of a student who is known; without an address nothing could be confirmed."""

    def __init__(self, *args: Any, student: Student, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.student = student

    def clean(self) -> dict[str, Any] | None:
        if self.student.fest.confirms_addresses and not self.student.email:
            raise ValidationError(
                _(
                    "This fest asks for an e-mail address that is confirmed. Enter one under “Change my details”"
                    " first, or ask your teacher to register you"
                )
            )
        return super().clean()


class RegistrationForm(EventsForm, DetailsForm):
    """The form of the link in the WhatsApp group: one page, one submit, one or several events."""

    school = TextField(
        label=gettext_lazy("School"),
        max_characters=200,
        too_long=gettext_lazy("Name of the school must be 200 characters or less"),
        key=school_key,
        help_text=gettext_lazy("Not in the list? Type its name."),
        attrs={"autocomplete": "organization", "list": "schools", "dir": "auto"},
        error_messages={"required": gettext_lazy("Enter the name of your school")},
    )
    consent = forms.BooleanField(
        error_messages={"required": gettext_lazy("Tick the box to agree, or ask a parent or guardian")}
    )
    field_order = ("events", "name", "school", "grade", "section", "roll_number", "email")

    def __init__(
        self, data: QueryDict | None = None, *, fest: Fest, consent: ConsentText, **kwargs: Any
    ) -> None:
        is_reworded = data is not None and data.get("wording", str(consent.pk)) != str(consent.pk)
        if data is not None and is_reworded:
            data = data.copy()
            data.pop("consent", None)
        super().__init__(data, fest=fest, **kwargs)
        self.fest, self.consent_text = fest, consent
        self.fields["consent"].label = consent.text
        if fest.confirms_addresses:
            self._require_email()
        if is_reworded:
            words = _("The wording was changed. Read it again, then tick the box")
            self.fields["consent"].error_messages["required"] = words

    def _require_email(self) -> None:
        """Without an address nothing could be confirmed; who has none is entered by a teacher."""
        words = _(
            "Enter an e-mail address: we send a link to confirm it. If you have none, ask your teacher to register you"
        )
        require_email(self, words)
        self.fields["email"].help_text = _(
            "We send your ticket to this address, with a link to press within 30 minutes."
        )

    @property
    def wording(self) -> int:
        """Which version of the sentence this form shows; sent along, so that no other one is agreed to."""
        return self.consent_text.pk

    def unvalidated(self) -> "RegistrationForm":
        """The same answers in a form that nobody has sent yet; consent is given anew."""
        answers: dict[str, Any] = {name: self[name].data for name in self.fields if name != "consent"}
        answers["want_waiting"] = bool(answers["want_waiting"])
        return RegistrationForm(
            initial=answers,
            fest=self.fest,
            events=self.offered,
            known=list(self.known.values()),
            consent=self.consent_text,
        )

    def details(self, language: str) -> Details:
        """Who this is; the form is valid."""
        names = ("name", "school", "grade", "section", "roll_number", "email")
        return Details(**{name: self.cleaned_data[name] for name in names}, language=language)


class LinkForm(PlainForm):
    email = EmailField(
        label=gettext_lazy("E-mail"),
        error_messages={"required": gettext_lazy("Enter your e-mail address")},
    )


def details_of(student: Student) -> dict[str, Any]:
    """The values a form about this student begins with."""
    return {
        "name": student.name,
        "grade": student.grade,
        "section": student.section,
        "roll_number": student.roll_number,
        "email": student.email,
    }


def _refuse_overlaps(events: list[Event]) -> None:
    """Two events of one press that one person cannot both attend are a slip, not a race."""
    for index, event in enumerate(events):
        for other in events[:index]:
            if event.overlaps(other):
                raise ValidationError(
                    _("%(one)s and %(other)s take place at the same time. Choose one of them.")
                    % {"one": other.name, "other": event.name}
                )


def _event_label(event: Event) -> str:
    return _("%(event)s, %(when)s") % {"event": event.name, "when": exact_moment(event.starts_at)}


_lazy_label = lazy(_event_label, str)
"""A press needs no labels; they are written when a page shows them."""
