"""Documents in the admin: ordered for an event or a school, watched while they are made, downloaded; certificates.

Access follows the admin's view of the event or school; the code of a file alone opens nothing.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from events.admin_base import RecordAdmin
from events.fest_choice import choice_of
from events.models import Event, Fest
from registrations.models import School
from registrations.results import ahead
from techfest.core.admin.pages import staff_page
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline
from techfest.core.errors import UserFacingError
from techfest.core.roles import is_owner
from techfest.core.text_limits import LimitedText
from tickets.admin.all_documents import RanksForm, everything
from tickets.documents import certificates, jobs, pages
from tickets.models import Certificate, Delegation, DocumentJob, Ticket
from tickets.querysets import DocumentJobQuerySet


@admin.register(Delegation)
class DelegationAdmin(RecordAdmin):
    """The code is not shown: it opens the school's list at the door."""

    list_display = ("school", "fest")
    list_select_related = ("school", "fest")
    list_filter = ("fest",)
    search_fields = ("school__name",)
    fields = ("school", "fest")
    ordering = ("school__name", "pk")


@admin.register(DocumentJob)
class DocumentJobAdmin(RecordAdmin):
    """Ordered documents with their progress; files are kept for a day. Those about a school are for owners.

    The code is not shown: it names a file with the tickets of a whole school.
    """

    list_display = ("kind", "event", "school", "state", "requested_by", "created_at")
    event_lookup = "event"
    list_select_related = ("event", "school", "requested_by")
    list_filter = ("kind", ("finished_at", admin.EmptyFieldListFilter))
    search_fields = ("event__name", "school__name", "error")
    fields = (
        "fest",
        "kind",
        "event",
        "school",
        "requested_by",
        "made",
        "total",
        "attempts",
        "finished_at",
        "error",
    )
    ordering = ("-created_at", "-pk")

    def get_urls(self) -> list[URLPattern]:
        return [*paths(self.admin_site), *super().get_urls()]

    @admin.display(description=gettext_lazy("state"))
    def state(self, obj: DocumentJob) -> str:
        """Return the state as a link to the page with the progress and the download."""
        if obj.is_ready:
            words = _("ready")
        elif obj.problem:
            words = _("failed")
        else:
            words = _("%(made)d of %(total)d") % {"made": obj.made, "total": obj.total}
        return format_html('<a href="{}">{}</a>', reverse("admin:documents_progress", args=[obj.code]), words)


@admin.register(Certificate)
class CertificateAdmin(RecordAdmin):
    event_lookup = "registration__event"
    list_display = ("registration", "kind", "rank", "issued_at", "revoked_at")
    list_select_related = ("registration__student", "registration__event")
    list_filter = ("kind", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("student__name", "student__reference", "registration__event__name")
    fields = ("registration", "student", "kind", "rank", "issued_at", "revoked_at")
    ordering = ("-issued_at", "-pk")


class ParticipationForm(LimitedText, forms.Form):
    """If nobody was checked in, the organiser must say that everyone took part."""

    everybody = forms.BooleanField(label=gettext_lazy("All students with a seat took part"), required=False)


Kind = DocumentJob.Kind
_FORM = ("GET", "HEAD", "POST")
SIMPLE = (Kind.ATTENDANCE, Kind.BADGES)


@require_http_methods(_FORM)
def of_event(request: HttpRequest, event_id: int) -> HttpResponseBase:
    """Shows what can be printed for an event; each document has a button."""
    event = _seen(request, Event, event_id, "tickets.add_documentjob")
    chosen = request.POST.get("print", "")
    orders: dict[str, Form] = {
        "participation": ParticipationForm(request.POST if chosen == "participation" else None),
        "rank": RanksForm(request.POST if chosen == "rank" else None),
    }
    if chosen in SIMPLE:
        job = jobs.order(kind=chosen, fest=event.fest, user=request.user, event=event)
        return redirect("admin:documents_progress", code=job.code)
    if (form := orders.get(chosen)) and form.is_valid() and (done := _issue(request, event, chosen, form)):
        return done
    context = {
        "event": event,
        "eligible": certificates.eligible_counts(event),
        "waiting": event.registrations.waiting().count(),
        "participation_form": orders["participation"],
        "ranks_form": orders["rank"],
        "documents": _recent(request, event=event),
        "ahead": ahead.not_over_question(event, database_now()),
    }
    return _page(request, "event", _("Print for %(event)s") % {"event": event.name}, **context)


def _issue(request: HttpRequest, event: Event, kind: str, form: Form) -> HttpResponseBase | None:
    """Issues the certificates and orders their file; returns None if the form has to show an error."""
    if not request.user.has_perm("tickets.add_certificate"):
        raise PermissionDenied
    if not ahead.is_answered(ahead.not_over_question(event, database_now()), request.POST):
        form.add_error(None, ahead.unanswered())
        return None
    user, deadline = request.user, Deadline()
    options: dict[str, Any] = {"kind": kind}
    try:
        if kind == Certificate.Kind.RANK:
            options["max_rank"] = form.cleaned_data["max_rank"]
            certificates.issue_ranks(event, max_rank=options["max_rank"], user=user, deadline=deadline)
        else:
            certificates.issue_participation(
                event, everybody=form.cleaned_data["everybody"], user=user, deadline=deadline
            )
    except UserFacingError as error:
        form.add_error(None, str(error.text))
        return None
    job = jobs.order(kind=Kind.CERTIFICATES, fest=event.fest, user=request.user, event=event, options=options)
    return redirect("admin:documents_progress", code=job.code)


@require_http_methods(_FORM)
def of_school(request: HttpRequest, school_id: int) -> HttpResponseBase:
    """Orders everything of a school in one ZIP; for owners, because it covers all events."""
    if not is_owner(request.user):
        raise PermissionDenied
    school = _seen(request, School, school_id, "tickets.add_documentjob")
    fest = _shown_fest(request)
    if request.method == "POST":
        job = jobs.order(kind=Kind.SCHOOL, fest=fest, user=request.user, school=school)
        return redirect("admin:documents_progress", code=job.code)
    context = {
        "school": school,
        "tickets": Ticket.objects.live().filter(student__school=school, student__fest=fest).count(),
        "certificates": Certificate.objects.filter(
            student__school=school, student__fest=fest, revoked_at=None
        ).count(),
        "documents": _recent(request, school=school),
    }
    return _page(request, "school", _("Print for %(school)s") % {"school": school.name}, **context)


@require_safe
def progress(request: HttpRequest, code: str) -> HttpResponseBase:
    job = _find(request, code)
    return pages.progress(job, lambda context: _page(request, "progress", capfirst(str(job)), **context))


@require_safe
def download(request: HttpRequest, code: str) -> HttpResponseBase:
    job = _find(request, code)
    return pages.download(job, progress_url=reverse("admin:documents_progress", args=[code]))


def paths(site: admin.AdminSite) -> list[URLPattern]:
    """Returns the URL patterns below the list of documents."""
    return [
        path("all/", site.admin_view(everything), name="documents"),
        path("event/<int:event_id>/", site.admin_view(of_event), name="documents_event"),
        path("school/<int:school_id>/", site.admin_view(of_school), name="documents_school"),
        path("file/<code:code>/", site.admin_view(progress), name="documents_progress"),
        path("file/<code:code>/download/", site.admin_view(download), name="documents_download"),
    ]


def _shown_fest(request: HttpRequest) -> Fest:
    """Returns the fest that a school's documents are about; 404 if there is none."""
    fest = choice_of(request).main
    if fest is None:
        raise Http404
    return fest


def _seen(request: HttpRequest, model: Any, key: int, permission: str) -> Any:
    """Returns the row if the admin shows it to this user, who must be permitted to order documents."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    found = admin.site.get_model_admin(model).get_queryset(request).filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _find(request: HttpRequest, code: str) -> DocumentJob:
    if not request.user.has_perm("tickets.view_documentjob"):
        raise PermissionDenied
    events = admin.site.get_model_admin(Event).get_queryset(request)
    return pages.find(pages.visible_to_organiser(request.user, events), code)


def _recent(request: HttpRequest, **about: Any) -> DocumentJobQuerySet:
    """Returns the latest documents that the admin offers for this event or school, the newest first."""
    if not request.user.has_perm("tickets.view_documentjob"):
        return DocumentJob.objects.none()
    rows = DocumentJob.objects.filter(**about).exclude(kind=Kind.TICKETS)
    return rows.select_related("requested_by").order_by("-created_at", "-pk")[:20]


def _page(request: HttpRequest, name: str, title: str, **context: Any) -> HttpResponseBase:
    owner = admin.site.get_model_admin(DocumentJob)
    return staff_page(request, owner, f"admin/documents/{name}.html", title=title, **context)
