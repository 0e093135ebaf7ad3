"""Public pages that show tickets and certificates, each behind a secret link, and calendar files."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from events.cache import cached_fest
from events.models import Event
from registrations import links
from registrations.access import by_my_link, known_student, public, secret
from registrations.forms import LinkForm
from registrations.links import DeadLink
from registrations.models import Registration, Student
from registrations.questions.views import own_answers
from registrations.student_views import cancel_page, newest_of_event
from registrations.students.identity import with_email
from techfest.core import rush
from techfest.core.db.clock import database_now
from techfest.core.page_template import PageTemplate
from tickets import abuse_detection, confirmation_page, registration_summary
from tickets.content import CalendarEntry, absolute, calendar_entry, event_entry, ics, ticket_file_name
from tickets.documents import ticket_pdf as ticket_pdf_module
from tickets.documents.certificates import achievements_of, is_replaced, path_of
from tickets.mail import outbox
from tickets.models import Certificate, Ticket
from tickets.pdf.certificate import achievement
from tickets.qr import svg
from tickets.registration_summary import SubmissionSummary
from tickets.wakeup import notify_workers


@secret
@require_safe
def confirmation(request: HttpRequest, token: str) -> HttpResponse:
    """The result of one submission with its tickets. A duplicate of the submission leads here, too."""
    rush.note_page()
    submission = _submission(token)
    template = PageTemplate()
    context = confirmation_page.page_context(submission, token, template)

    def render_shape() -> str:
        shared = {"share_text": confirmation_page.share_text(submission.fest_id)}
        return render_to_string("registrations/confirmation.html", context | shared, request)

    shape = (get_language(), submission.fest_id, *context.values())
    return HttpResponse(template.page(cached_fest().pages, shape, render_shape))


@secret
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_from_confirmation(request: HttpRequest, token: str, slug: str) -> HttpResponse:
    """Cancel a registration of this submission; its confirmation link can cancel no other."""
    submission = _submission(token)
    rows = Registration.objects.filter(submission=submission.submission_id)
    registrations = newest_of_event(rows, slug)
    if not registrations:
        raise Http404
    my_url = links.my_path(submission) if submission.shows_my_link else ""
    back_url = reverse("tickets:confirmation", args=[token])
    return cancel_page(request, registrations, my_url=my_url, back_url=back_url)


@secret
@require_safe
def my(request: HttpRequest, token: str) -> HttpResponse:
    """All registrations of one student."""
    student = known_student(token)
    entries = confirmation_page.of_student(student, token)
    context = {
        "student": student,
        "entries": entries,
        "achievements": achievements_of(student),
        "add_url": reverse("registrations:add", args=[token]),
        "details_url": reverse("registrations:details", args=[token]),
        "mail_state": confirmation_page.mail_state(student),
        "resend_url": reverse("tickets:resend", args=[token]) if student.email else "",
        **own_answers(student, reverse("registrations:answers", args=[token])),
        "cancel_all_url": reverse("registrations:cancel-all", args=[token])
        if any(entry.cancel_url for entry in entries)
        else "",
    }
    return render(request, "registrations/my.html", context)


@by_my_link
@require_POST
def resend(request: HttpRequest, student: Student) -> HttpResponse:
    """Mail the link with all tickets again, at most a few times an hour."""
    if student.email and outbox.enqueue_link([student], now=database_now()):
        notify_workers()
    return redirect(links.my_path(student))


@public
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest) -> HttpResponse:
    """Request the link by mail. The page is the same for every address."""
    form = LinkForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "registrations/link.html", {"form": form})
    fest = cached_fest().fest
    known = with_email(form.cleaned_data["email"], fest_id=fest.pk) if fest else []
    if outbox.enqueue_link(known, now=database_now()):
        notify_workers()
    return render(request, "registrations/link_sent.html")


@secret
@require_safe
def ticket(request: HttpRequest, code: str) -> HttpResponse:
    """The ticket that its QR code opens."""
    found = _ticket(request, code)
    shown = confirmation_page.shown(found)
    content = {
        "state": _state_word(found),
        "name": found.student.name,
        "grade": found.student.grade,
        "section": found.student.section,
        "school": found.student.school.name,
        "event": found.registration.event,
        "venue": found.registration.event.venue,
        "reference": found.student.reference,
        "qr_svg": shown.qr_svg,
        "pdf_url": shown.pdf_url,
        "pdf_ready": shown.pdf_ready,
        "pdf_given_up": shown.pdf_given_up,
        "ics_url": shown.ics_url,
    }
    return render(request, "tickets/ticket.html", {"content": content, "code": code})


@secret
@require_safe
def ticket_pdf(request: HttpRequest, code: str) -> HttpResponseBase:
    """The PDF of the ticket; until a worker has made it, redirect to the ticket page, which says so."""
    found = _ticket(request, code)
    if found.rendered_at is None or not found.is_live:
        return redirect(found)
    try:
        file = ticket_pdf_module.pdf_path(found).open("rb")
    except FileNotFoundError:
        ticket_pdf_module.render_again([found.pk])
        notify_workers()
        return redirect(found)
    name = ticket_file_name(found.registration)
    return FileResponse(file, content_type="application/pdf", filename=name)


@secret
@require_safe
def ticket_ics(request: HttpRequest, code: str) -> HttpResponse:
    found = _ticket(request, code)
    return _calendar_file(calendar_entry(found.registration, url=absolute(found.get_absolute_url())))


@require_safe
def event_ics(request: HttpRequest, slug: str) -> HttpResponse:
    """The calendar file of a published event."""
    event = cached_fest().event(slug)
    if event is None:
        raise Http404
    return _calendar_file(event_entry(event))


@secret
@require_safe
def certificate(request: HttpRequest, code: str) -> HttpResponse:
    """Show what was certified to whom, as printed, and whether it is still valid."""
    related = ("registration__event__fest", "registration__event__venue", "student__school")
    found = Certificate.objects.select_related(*related).filter(code=code).first()
    if found is None:
        abuse_detection.limit_unknown_codes(request)
        raise Http404
    context = {
        "certificate": found,
        "student": found.student,
        "event": found.registration.event,
        "what": achievement(found.rank),
        "is_replaced": bool(found.revoked_at) and is_replaced(found),
        "qr_svg": "" if found.revoked_at else SafeString(svg(absolute(path_of(found)))),
    }
    return render(request, "tickets/certificate.html", context)


def _calendar_file(entry: CalendarEntry) -> HttpResponse:
    content = ics([entry], method="CANCEL" if entry.cancelled else "PUBLISH", now=timezone.now())
    headers = {"Content-Disposition": 'attachment; filename="event.ics"'}
    return HttpResponse(content, content_type="text/calendar; charset=utf-8", headers=headers)


def _submission(token: str) -> SubmissionSummary:
    try:
        found = registration_summary.of_submission(*links.read_confirmation(token))
    except DeadLink:
        raise Http404 from None
    if found is None:
        raise Http404
    return found


def _ticket(request: HttpRequest, code: str) -> Ticket:
    found = Ticket.objects.with_related().filter(code=code).first()
    if found is None:
        abuse_detection.limit_unknown_codes(request)
        raise Http404
    return found


def _state_word(ticket: Ticket) -> str:
    if ticket.registration.event.state == Event.State.CANCELLED:
        return "off"
    if ticket.is_live:
        return "valid"
    return "replaced" if ticket.registration.tickets.live().exists() else "void"
