"""The forms that students fill in."""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundWidget
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.availability import Availability
from events.caps import fest_rules, number_of_events
from events.models import Event, Fest
from registrations.fields import EmailField, offer
from registrations.models import ConsentText, Question, Student
from registrations.questions.forms import AsksQuestions
from registrations.students.fields import STUDENT_FIELDS, SchoolField, StudentFields
from registrations.students.identity import Details
from techfest.core.formatting import moment, time_or_moment
from techfest.core.text_limits import LimitedText

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class PlainForm(LimitedText, forms.Form):
    """A form without colons and `required` attributes: only the server validates."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class Sentences(forms.RadioSelect):
    """Radio buttons one below the other, for long labels."""

    template_name = "django/forms/widgets/multiple_input.html"


class DetailsForm(StudentFields, PlainForm):
    """A student's details; shared by the registration form and the page that corrects them."""

    def __init__(self, *args: Any, fest: Fest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "grade", [(grade, str(grade)) for grade in fest.grades])

    is_similar = False
    """Whether a student with a similar name is registered, so the page offers the button `IS_ANOTHER`."""

    @property
    def is_another(self) -> bool:
        """Whether the button was pressed that says: not the student with a similar name."""
        return IS_ANOTHER in self.data


IS_ANOTHER = "another"
"""The name of that button."""


class OwnDetailsForm(DetailsForm):
    """The same behind the student's own link. It cannot remove a required address."""

    def __init__(self, data: QueryDict | None = None, *, student: Student) -> None:
        super().__init__(data, initial=details_of(student), fest=student.fest)
        if student.fest.confirms_addresses and student.email:
            words = _("Enter an e-mail address: this fest asks for one, and sends a link to confirm it")
            require_email(self, words)


class OthersDetailsForm(DetailsForm):
    """The same, typed by a teacher or a volunteer: browsers must not offer their own name and address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "email" in self.fields:
            self.fields["email"].widget.attrs["autocomplete"] = "off"
        self.fields["name"].error_messages["required"] = _("Enter the full name")
        self.fields["grade"].error_messages |= dict.fromkeys(
            ("required", "invalid_choice"), _("Select the grade")
        )


def require_email(form: DetailsForm, words: "str | _StrPromise") -> None:
    field = form.fields["email"]
    field.required, field.label = True, gettext_lazy("E-mail, yours or a parent's")
    field.error_messages["required"] = words


class EventsField(forms.MultipleChoiceField):
    """Offers some events. Other `known` ones are accepted too, and the seat transaction decides about them."""

    known: Collection[str] = ()

    def valid_value(self, value: str) -> bool:
        return value in self.known


class EventBoxes(forms.CheckboxSelectMultiple):
    """Boxes that tell the page's script the hours and the grades of their events."""

    events: Mapping[str, Event] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if event := self.events.get(str(value)):
            hours = event.starts_at, event.occupied_until
            option["attrs"] |= {
                "data-hours": " ".join(str(int(at.timestamp()) // 60) for at in hours),
                "data-grades": f"{event.grade_min} {event.grade_max}",
                "data-name": event.name,
            }
        return option


@dataclass(frozen=True, slots=True)
class EventChoice:
    """The box of one event in the form, and the fields of the event's questions."""

    name: str
    box: BoundWidget
    questions: list[forms.BoundField]

    @property
    def slug(self) -> str:
        return str(self.box.data["value"])

    @property
    def is_selected(self) -> bool:
        return bool(self.box.data["selected"])


class EventsForm(AsksQuestions, PlainForm):
    """Events, chosen by slug, with the questions of each."""

    events = EventsField(
        label=gettext_lazy("Events"),
        widget=EventBoxes,
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
        fest = next((event.fest for event in events), None)
        self.most_events = fest.events_per_student if fest else None
        if fest and (rules := fest_rules(fest)):
            self.fields["events"].help_text = " ".join(rules)
        offer(self, "events", [(event.slug, _lazy_label(event)) for event in events])
        self.fields["events"].known = self.known  # type: ignore[attr-defined]  # an EventsField
        self.fields["events"].widget.events = self.known

    @property
    def names_unknown_event(self) -> bool:
        """Whether a chosen event is unknown, a draft or of another fest."""
        return self.has_error("events", "invalid_choice")

    @property
    def event_choices(self) -> list[EventChoice]:
        """The boxes of the offered events, in the order of the page."""
        pairs = [(self.known[str(box.data["value"])], box) for box in self["events"]]
        return [EventChoice(event.name, box, self.questions_of(event.pk)) for event, box in pairs]

    @property
    def chosen_events(self) -> Collection[int]:
        """Also while another rule refuses them, so that all that is wrong is said at once."""
        slugs = self["events"].data or ()
        return {self.known[slug].pk for slug in slugs if slug in self.known}

    def clean_events(self) -> list[Event]:
        events = [self.known[slug] for slug in dict.fromkeys(self.cleaned_data["events"])]
        _refuse_overlaps(events)
        self._refuse_too_many(events)
        return events

    def _refuse_too_many(self, events: Sequence[Event]) -> None:
        """The rest is decided by the seat transaction, which knows what the student has."""
        most = self.most_events
        if most is not None and len(events) > most:
            words = _("Select at most %(events)s: a student may have no more at this fest")
            raise ValidationError(words % {"events": number_of_events(most)})


class OwnEventsForm(EventsForm):
    """Further events of a known student, who needs an address if the fest requires confirmed ones.

    The label of an event says if it overlaps with one of those that the student has (`held`).
    """

    def __init__(
        self,
        *args: Any,
        student: Student,
        held: Sequence[Event] = (),
        questions: Sequence[Question] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.student = student
        self.ask(questions)
        if self.most_events is not None:
            self.most_events = max(0, self.most_events - len(held))
        offer(self, "events", [(event.slug, _lazy_label(event, held)) for event in self.offered])

    def clean(self) -> dict[str, Any] | None:
        if self.student.fest.confirms_addresses and not self.student.email:
            raise ValidationError(
                _(
                    "This fest needs a confirmed e-mail address. Enter one under “Change my details”"
                    " first, or ask your teacher to register you"
                )
            )
        return super().clean()


class RegistrationForm(EventsForm, DetailsForm):
    """The public registration form: one page, one or several events."""

    school = SchoolField()
    consent = forms.BooleanField(
        error_messages={"required": gettext_lazy("Tick the box to agree, or ask a parent or guardian")}
    )
    field_order = ("grade", "events", "name", "school")

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        fest: Fest,
        consent: ConsentText,
        questions: Sequence[Question] = (),
        **kwargs: Any,
    ) -> None:
        is_reworded = data is not None and _is_reworded(data, consent)
        if data is not None and is_reworded:
            data = data.copy()
            data.pop("consent", None)
        super().__init__(data, fest=fest, **kwargs)
        self.fest, self.consent_text = fest, consent
        if questions:
            self._ask_in_order(questions)
        self.fields["consent"].label = consent.text
        if fest.confirms_addresses:
            self._require_email()
        if is_reworded:
            words = _("The wording was changed. Read it again, then tick the box")
            self.fields["consent"].error_messages["required"] = words

    def _ask_in_order(self, questions: Sequence[Question]) -> None:
        """Adds the questions where the page shows them: the events' below the events, the fest's before the consent."""
        self.ask(questions)
        names = list(self.fields)
        of_events = [one.field_name for one in questions if one.event_id]
        own = [name for name in names if name not in of_events and name not in ("want_waiting", "consent")]
        after = own.index("events") + 1
        self.order_fields([*own[:after], *of_events, *own[after:]])

    def _require_email(self) -> None:
        """Makes the address required; students without one are registered by a teacher."""
        words = gettext_lazy(
            "Enter an e-mail address: we send a link to confirm it. If you have none, ask your teacher to register you"
        )
        require_email(self, words)
        self.fields["email"].help_text = gettext_lazy(
            "We send your ticket to this address, with a link to open within 30 minutes."
        )

    def filled_in(self, data: QueryDict) -> "RegistrationForm":
        """This blank form with answers. It shares the fields, since making them costs more than validating.

        A form whose consent text has changed meanwhile gets fields of its own, with other messages.
        """
        if _is_reworded(data, self.consent_text):
            return self._made_again(data)
        form = copy(self)
        vars(form).update(data=data, is_bound=True, _errors=None, _bound_fields_cache={})
        return form

    def _made_again(self, data: QueryDict | None = None, **kwargs: Any) -> "RegistrationForm":
        return RegistrationForm(
            data,
            fest=self.fest,
            events=self.offered,
            known=list(self.known.values()),
            consent=self.consent_text,
            questions=self.questions,
            **kwargs,
        )

    @property
    def wording(self) -> int:
        """The version of the consent text that this form shows. It is posted, so nobody agrees to another one."""
        return self.consent_text.pk

    def unvalidated(self) -> "RegistrationForm":
        """The same answers in an unbound form. Consent stays given, unless its wording has changed since."""
        answers: dict[str, Any] = {name: self[name].data for name in self.fields}
        return self._made_again(initial=answers)

    def details(self, language: str) -> Details:
        """The student's details. The form must be valid."""
        return Details(
            **self.student_values,
            school=self.cleaned_data["school"],
            language=language,
            is_another=self.is_another,
        )


def _is_reworded(data: QueryDict, consent: ConsentText) -> bool:
    """Whether the posted form showed another version of the consent text."""
    return data.get("wording", str(consent.pk)) != str(consent.pk)


class LinkForm(PlainForm):
    email = EmailField(
        label=gettext_lazy("E-mail"),
        error_messages={"required": gettext_lazy("Enter your e-mail address")},
    )


def details_of(student: Student) -> dict[str, Any]:
    """Initial values of a form about this student."""
    return {name: getattr(student, name) for name in STUDENT_FIELDS}


def _refuse_overlaps(events: list[Event]) -> None:
    """Two overlapping events in one form are a mistake that the form can report."""
    for index, event in enumerate(events):
        for other in events[:index]:
            if event.overlaps(other):
                raise ValidationError(
                    _("%(one)s and %(other)s take place at the same time. Choose one of them.")
                    % {"one": other.name, "other": event.name}
                )


def _event_label(event: Event, held: Sequence[Event] = ()) -> SafeString:
    """The name; below it day and hours, grades, and the seats left a few seconds ago; then what it overlaps with."""
    hours = {"start": moment(event.starts_at), "end": time_or_moment(event.ends_at, event.starts_at)}
    state = Availability(event, timezone.now()).text
    details = [_("%(start)s to %(end)s") % hours, event.grades_text.lower(), state[:1].lower() + state[1:]]
    label = format_html('<b translate="no">{}</b> <small>{}</small>', event.name, ", ".join(details))
    if clash := next((one for one in held if event.overlaps(one)), None):
        words = _("At the same time as %(event)s, which you have") % {"event": clash.name}
        label += format_html(' <small class="hint">{}</small>', words)
    return label


_lazy_label = lazy(_event_label, SafeString)
"""Lazy: a posted form needs no labels."""
