"""The page on which an organiser adds a registration, also after registration has closed."""

import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from events.fest_choice import choice_of, show_fest
from events.models import Event, Fest
from registrations.admin.move_registrations import EventChoice
from registrations.booking import idempotency
from registrations.booking.errors import AmbiguousIdentity
from registrations.booking.late import LateRegistration, add_registration
from registrations.forms import OthersDetailsForm
from registrations.models import Registration, Student, Submission
from registrations.students.consents import current_text
from registrations.students.fields import SchoolField
from registrations.students.identity import Details
from registrations.students.names import grouped
from techfest.core.admin.base import ROW_ID, page_of
from techfest.core.admin.confirmation import REASON_LENGTH
from techfest.core.admin.pages import staff_page
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline
from techfest.core.errors import UserFacingError

PERMISSION = "registrations.change_registration"


class AddForm(OthersDetailsForm):
    """The event and the reason; for a new student also the details and the consent."""

    school = SchoolField(help_text=gettext_lazy("Type its name; a new one is listed as a school to accept."))
    another = forms.BooleanField(
        label=gettext_lazy("This is another student, even if the name is similar"), required=False
    )
    consent = forms.BooleanField(
        label=gettext_lazy("A parent's consent is on paper"),
        error_messages={"required": gettext_lazy("Tick the box once the consent is there")},
    )
    event = EventChoice(
        label=gettext_lazy("Event"),
        queryset=Event.objects.none(),
        error_messages={"required": gettext_lazy("Choose an event")},
    )
    may_wait = forms.BooleanField(
        label=gettext_lazy("Put the student on the waiting list if no seat is free"), required=False
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_LENGTH,
        help_text=gettext_lazy("Why it is added by hand. The audit log keeps it. Do not write names."),
        error_messages={"required": gettext_lazy("Enter the reason")},
        widget=forms.TextInput(attrs={"class": "vTextField", "dir": "auto"}),
    )

    def __init__(self, *args: Any, fest: Fest, events: Any, student: Student | None, **kwargs: Any) -> None:
        super().__init__(*args, fest=fest, **kwargs)
        self.fest, self.student = fest, student
        self.fields["email"].label = _("E-mail of the student or a parent (optional)")
        self.fields["email"].help_text = _("The ticket goes to this address.")
        self.fields["roll_number"].help_text = _("Tells namesakes apart.")
        field: Any = self.fields["event"]
        field.queryset = events
        for name in list(self.fields) if student else ():
            if name not in ("event", "may_wait", "reason"):
                del self.fields[name]

    def wanted(self, user: Any, key: uuid.UUID) -> LateRegistration:
        """Return what to register; the form must be valid."""
        cleaned = self.cleaned_data
        details = None
        if self.student is None:
            language = get_language() or "en"
            details = Details(
                **self.student_values,
                school=cleaned["school"],
                language=language,
                is_another=self.is_another,
            )
        return LateRegistration(
            key=key,
            fest_id=self.fest.pk,
            event_id=cleaned["event"].pk,
            may_wait=cleaned["may_wait"],
            reason=cleaned["reason"],
            user=user,
            student_id=self.student.pk if self.student else 0,
            details=details,
            consent_text_id=None if self.student else current_text(self.fest).pk,
        )


@require_http_methods(("GET", "HEAD", "POST"))
def add_page(request: HttpRequest) -> HttpResponseBase:
    """Shows the form for a new student or, with `?student=`, for one who is known; POST registers."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    student = _student(request)
    fest = student.fest if student else choice_of(request).main
    if fest is None:
        raise Http404
    show_fest(request, fest)
    posted = request.POST if request.method == "POST" else None
    form = AddForm(posted, fest=fest, events=_events(request, fest), student=student)
    if form.is_valid():
        try:
            key = idempotency.read_key(request.POST) or Submission.new_key()
            registration = add_registration(form.wanted(request.user, key), deadline=Deadline())
        except AmbiguousIdentity as error:
            form.add_error(None, _known(request, error))
        except UserFacingError as error:
            form.add_error(None, str(error.text))
        else:
            return _done(request, registration)
    title = _("Add a registration")
    if student:
        title = _("Add a registration of %(name)s") % {
            "name": f"{student.name} ({grouped(student.reference)})"
        }
    owner = admin.site.get_model_admin(Registration)
    return staff_page(
        request,
        owner,
        "admin/registrations/registration/add.html",
        title=title,
        form=form,
        key=idempotency.new_key(),
    )


def _student(request: HttpRequest) -> Student | None:
    """Returns the student that the address names, if the admin shows them to this user."""
    asked = request.GET.get("student", "")
    if not asked:
        return None
    rows = admin.site.get_model_admin(Student).get_queryset(request).filter(erased_at=None)
    return get_object_or_404(
        rows.select_related("fest", "school"), pk=asked if ROW_ID.fullmatch(asked) else 0
    )


def _events(request: HttpRequest, fest: Fest) -> QuerySet[Event]:
    events: QuerySet[Event] = admin.site.get_model_admin(Event).get_queryset(request)
    rows = events.filter(fest=fest, state=Event.State.PUBLISHED, ends_at__gt=database_now())
    return rows.select_related("fest", "seats").order_by("starts_at", "name")


def _known(request: HttpRequest, error: AmbiguousIdentity) -> str:
    """Names a student only to those whom the admin shows the student."""
    student = error.student
    if not admin.site.get_model_admin(Student).get_queryset(request).filter(pk=student.pk).exists():
        return _(
            "A student with this name or a similar one is registered by this school already. Ask an owner, or add a "
            "section or roll number if this is another student."
        )
    words = _(
        "Did you mean %(name)s, grade %(grade)d (%(reference)s), a student of this school? Then use the button on that "
        "student's page. If this is another student, tick the box below."
    )
    if not error.is_similar:
        words = _(
            "%(name)s of grade %(grade)d is a student of this school already (%(reference)s). Use the button on that "
            "student's page, or add a section or roll number if this is another student."
        )
    return words % {"name": student.name, "grade": student.grade, "reference": grouped(student.reference)}


def _done(request: HttpRequest, registration: Registration) -> HttpResponseRedirect:
    words = _("%(name)s has a seat in %(event)s.")
    if registration.state == Registration.State.WAITING:
        words = _("%(name)s is on the waiting list of %(event)s.")
    messages.success(request, words % {"name": registration.student.name, "event": registration.event.name})
    return HttpResponseRedirect(page_of(registration))
