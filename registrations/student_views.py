"""The student's pages behind a secret link: change details, add events, cancel."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from events.availability import Availability
from events.cache import cached_fest, known_events
from events.models import Seats
from registrations import links
from registrations.access import by_my_link
from registrations.booking import idempotency, messages
from registrations.booking.cancel import cancel
from registrations.booking.caps import why_no_further_event
from registrations.booking.errors import ActionRejected, IdempotencyConflict, RegistrationRejected
from registrations.booking.submit import BookingRequest, submit
from registrations.forms import EventsForm, OwnDetailsForm, OwnEventsForm
from registrations.models import Change, Registration, Student
from registrations.querysets import RegistrationQuerySet
from registrations.questions.asked import cached_questions, unanswered
from registrations.students.corrections import correct
from techfest.core.db.locking import Deadline


@by_my_link
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest, student: Student) -> HttpResponse:
    """Corrects the student's details. A new address invalidates this link; the page continues under the new one."""
    if request.method != "POST":
        form = OwnDetailsForm(student=student)
        return _details_page(request, student, form)
    form = OwnDetailsForm(request.POST, student=student)
    if not form.is_valid():
        return _details_page(request, student, form)
    try:
        corrected = correct(
            student.pk, values=form.cleaned_data, actor=Change.Actor.STUDENT, deadline=Deadline()
        )
    except ActionRejected as error:
        form.add_error(None, error.text)
        return _details_page(request, student, form)
    return redirect(links.my_path(corrected))


def _details_page(request: HttpRequest, student: Student, form: OwnDetailsForm) -> HttpResponse:
    context = {"student": student, "form": form, "my_url": links.my_path(student)}
    return render(request, "registrations/details.html", context)


@by_my_link
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, student: Student) -> HttpResponse:
    """Further events for a known student, without typing the details again."""
    key = idempotency.read_key(request.POST)
    if request.method != "POST" or key is None:
        form = _add_form(student, initial={"events": request.GET.getlist("event")[:20]})
        return _add_page(request, student, form, idempotency.new_key())
    form = _add_form(student, request.POST)
    if not form.is_valid():
        return _add_page(request, student, form, key.hex)
    booking_request = BookingRequest(
        key=key,
        answers=form.answers,
        fest_id=student.fest_id,
        event_ids=tuple(event.pk for event in form.cleaned_data["events"]),
        wants_waiting=form.cleaned_data["want_waiting"],
        student_id=student.pk,
    )
    try:
        submit(booking_request, deadline=Deadline())
    except RegistrationRejected as error:
        for entry in messages.refused_entries(error.seat_results):
            form.add_error("events", f"{entry.event.name}: {entry.text}")
        return _add_page(request, student, form, idempotency.new_key())
    except IdempotencyConflict as error:
        form.add_error(None, error.text)
        return _add_page(request, student, form, idempotency.new_key(), status=409)
    return redirect(links.my_path(student))


def _add_form(student: Student, *args: Any, **kwargs: Any) -> EventsForm:
    held = known_events(student.registrations.active().values_list("event_id", flat=True))
    current = cached_fest()
    events = [
        event
        for event in current.events
        if event.pk not in held
        and event.has_room_for_grade(student.grade)
        and Availability(event, current.now).is_form_open
    ]
    return OwnEventsForm(
        *args,
        student=student,
        held=list(held.values()),
        events=events,
        questions=unanswered(student, cached_questions(current)),
        **kwargs,
    )


def _add_page(
    request: HttpRequest, student: Student, form: EventsForm, key: str, *, status: int = 200
) -> HttpResponse:
    context = {
        "student": student,
        "form": form,
        "key": key,
        "my_url": links.my_path(student),
        "limit": why_no_further_event(student),
    }
    return render(request, "registrations/add.html", context, status=status)


@by_my_link
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_registration(request: HttpRequest, student: Student, slug: str | None = None) -> HttpResponse:
    """GET asks for confirmation, POST cancels one registration, or all of the student's without a slug."""
    rows = student.registrations.all()
    if slug is not None:
        registrations = newest_of_event(rows, slug)
    else:
        registrations = list(rows.active().with_related().order_by("event__starts_at"))
    if not registrations:
        raise Http404
    return cancel_page(request, registrations, my_url=links.my_path(student))


def newest_of_event(rows: RegistrationQuerySet, slug: str) -> list[Registration]:
    """The latest of these registrations for the event. An id in the URL would reveal how many there are."""
    return list(rows.filter(event__slug=slug).with_related().order_by("-pk")[:1])


def cancel_page(
    request: HttpRequest, registrations: list[Registration], *, my_url: str, back_url: str = ""
) -> HttpResponse:
    """The confirmation page, or after a POST the result. The caller has checked who owns the registrations."""
    active = [row for row in registrations if row.is_active]
    context: dict[str, Any] = {
        "entries": [_entry(row) for row in registrations],
        "my_url": back_url or my_url,
    }
    if request.method != "POST" and active:
        return render(request, "registrations/cancel.html", context)
    try:
        cancel([row.pk for row in active], actor=Change.Actor.STUDENT, deadline=Deadline())
    except ActionRejected as error:
        return render(request, "registrations/cancel.html", context | {"problem": error.text}, status=409)
    context["again_url"] = _again_url(registrations, my_url)
    return render(request, "registrations/cancelled.html", context)


def _again_url(registrations: list[Registration], my_url: str) -> str:
    """The URL to register again, if registration is open and seats are free right now."""
    current = cached_fest()
    slugs = [row.event.slug for row in registrations if row.event.fest_id == getattr(current.fest, "pk", 0)]
    open_now = [event for event in current.chosen(slugs) if Availability(event, current.now).is_open]
    if not my_url or len(open_now) < len(registrations):
        return ""
    if not all(seats.takes_newcomers for seats in Seats.objects.filter(event__in=open_now)):
        return ""
    query = "&".join(f"event={event.slug}" for event in open_now)
    return f"{my_url}add/?{query}"


def _entry(registration: Registration) -> messages.ConfirmationEntry:
    return messages.ConfirmationEntry(
        event=registration.event, result=registration.state, heading="", text=""
    )
