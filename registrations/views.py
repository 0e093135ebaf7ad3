"""The public registration form and the pages for forms that obtained nothing."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from events.availability import Availability
from events.cache import CachedFest, cached_fest
from events.catalogue import Card, with_free_seats
from events.models import Fest
from events.views import chosen_grade
from registrations import links
from registrations.access import public
from registrations.booking import idempotency, messages
from registrations.booking.errors import AmbiguousIdentity, IdempotencyConflict, RegistrationRejected
from registrations.booking.policy import SeatResult
from registrations.booking.submit import BookingRequest, submit
from registrations.forms import RegistrationForm
from registrations.models import Registration
from registrations.questions.asked import cached_questions
from registrations.schools import school_names
from registrations.students.consents import current_text
from registrations.students.identity import Details, is_described
from techfest.core import rush
from techfest.core.db.locking import Deadline
from techfest.core.errors import UserFacingError

_KEY_MARK = idempotency.new_key()
"""Placeholder for the key in a cached page; random, so that nobody can type it."""


@public
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """GET shows the form with a new key; POST registers once per key and redirects to the confirmation page."""
    deadline = Deadline()
    current = cached_fest()
    fest = current.fest
    if fest is None:
        return render(request, "events/catalogue.html")
    if request.method != "POST":
        return fresh_form(request, current, fest)
    rush.note_submission()
    form = posted_form(current, fest, request.POST)
    key = idempotency.read_key(request.POST)
    if "edit" in request.POST or key is None:
        return show_form(request, form.unvalidated(), key=idempotency.new_key())
    if not form.is_valid():
        return show_form(request, form, key=key.hex, status=409 if form.names_unknown_event else 200)
    booking_request = booking_request_of(form, key)
    try:
        return redirect(links.confirmation_path(submit(booking_request, deadline=deadline)))
    except UserFacingError as error:
        return render_error(request, error, form)


def fresh_form(request: HttpRequest, current: CachedFest, fest: Fest) -> HttpResponse:
    """The empty form. The page is cached; only its key is new each time."""
    chosen = tuple(event.slug for event in current.chosen(request.GET.getlist("event")))
    grade = chosen_grade(request, current)

    def render() -> str:
        form = blank_form(current, fest, initial={"events": chosen, "grade": grade})
        return show_form(request, form, key=_KEY_MARK).content.decode()

    page = current.pages.get_or_render(("form", get_language(), chosen, grade), render)
    return HttpResponse(page.replace(_KEY_MARK, idempotency.new_key()))


def posted_form(current: CachedFest, fest: Fest, data: QueryDict) -> RegistrationForm:
    """The form with these answers. Its fields are made once per snapshot of the fest."""
    return current.derive("blank form", lambda: blank_form(current, fest)).filled_in(data)


def blank_form(current: CachedFest, fest: Fest, *, initial: dict[str, Any] | None = None) -> RegistrationForm:
    events = [event for event in current.events if Availability(event, current.now).is_form_open]
    return RegistrationForm(
        fest=fest,
        events=events,
        known=current.events,
        consent=current_text(fest),
        questions=cached_questions(current),
        initial=initial,
    )


def booking_request_of(form: RegistrationForm, key: uuid.UUID) -> BookingRequest:
    return BookingRequest(
        key=key,
        fest_id=form.fest.pk,
        event_ids=tuple(event.pk for event in form.cleaned_data["events"]),
        wants_waiting=form.cleaned_data["want_waiting"],
        details=typed_details(form),
        consent_text_id=form.consent_text.pk,
        answers=form.answers,
    )


def typed_details(form: RegistrationForm) -> Details:
    return form.details(get_language() or "en")


def show_form(
    request: HttpRequest, form: RegistrationForm, *, key: str, page: str = "form", status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "key": key,
        "schools": school_names(),
        "form_url": reverse("registrations:register"),
        "privacy_url": reverse("registrations:privacy"),
    }
    return render(request, f"registrations/{page}.html", context, status=status)


def render_error(request: HttpRequest, error: UserFacingError, form: RegistrationForm) -> HttpResponse:
    """The page for a form that obtained nothing; it repeats what was typed."""
    if isinstance(error, AmbiguousIdentity):
        form.add_error(None, error.text)
        page = "similar" if error.is_similar else "known"
        return show_form(request, form, key=idempotency.new_key(), page=page, status=409)
    if isinstance(error, IdempotencyConflict):
        return _other_content(request, error, form)
    if isinstance(error, RegistrationRejected):
        return _refused(request, error, form)
    raise error


def _refused(request: HttpRequest, error: RegistrationRejected, form: RegistrationForm) -> HttpResponse:
    lines, current = messages.refused_entries(error.seat_results), cached_fest()
    chosen = {outcome.event_id for outcome in error.seat_results}
    grade = form.cleaned_data["grade"]
    soon = [outcome.event for outcome in error.seat_results if outcome.decision.reason == "too_soon"]
    context = {
        "already": messages.already_has(error.seat_results),
        "already_state": _state_of(error.seat_results),
        "has_some": any(result.before for result in error.seat_results),
        "email": form.cleaned_data["email"],
        "entries": lines,
        "form_fields": idempotency.posted_fields(request.POST),
        "form_url": reverse("registrations:register"),
        "send_again": bool(soon),
        "opens_at": min((event.registration_opens_at for event in soon if event), default=None),
        "server_now": current.now,
        "others": _other_events(current, with_free_seats(current, grade, without=chosen, held=error.held)),
    }
    return render(request, "registrations/refused.html", context, status=409)


def _state_of(seat_results: list[SeatResult]) -> str:
    """How the registrations that the student had before are shown: "waiting", or "ok" if one has a seat."""
    had = [result.before for result in seat_results if result.before]
    return "ok" if any(one.state == Registration.State.CONFIRMED for one in had) else "waiting"


def _other_events(current: CachedFest, others: list[Card]) -> str:
    """Cards of the events with free seats, empty if there are none; rendered once for a rush that is refused."""
    if not others:
        return ""
    key = ("other events", get_language(), *(card.event.pk for card in others))
    return current.pages.get_or_render(
        key, lambda: render_to_string("registrations/_other_events.html", {"others": others})
    )


def _other_content(request: HttpRequest, error: IdempotencyConflict, form: RegistrationForm) -> HttpResponse:
    """Shows name and link only if the typed details are those of the student: a key may have leaked."""
    submission = error.submission
    is_theirs = submission is not None and is_described(submission.student, typed_details(form))
    context = {
        "student_name": submission.student.name if submission and is_theirs else "",
        "confirmation_url": links.confirmation_path(submission) if submission and is_theirs else "",
        "form_fields": idempotency.posted_fields(request.POST, key=idempotency.new_key()),
        "form_url": reverse("registrations:register"),
    }
    return render(request, "registrations/other_content.html", context, status=409)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    fest = cached_fest().fest
    context = {
        "consent_text": current_text(fest).text if fest else "",
        "questions": cached_questions(cached_fest()),
        "retention_days": fest.retention_days if fest else 0,
    }
    return render(request, "registrations/privacy.html", context)
