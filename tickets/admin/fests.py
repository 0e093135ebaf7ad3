"""The fest in the admin, with what it takes to start one: copied, filled with pasted events, looked over, tried."""

import zoneinfo
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin import FestAdmin, FestForm
from events.date_forms import DatedForm
from events.dates import YEARS, fest_questions, fest_refusals
from events.fest_choice import show_fest
from events.models import Event, Fest, is_time_zone
from registrations.booking.errors import RegistrationError
from registrations.locking import Deadline, in_transaction
from registrations.models import Registration
from registrations.timetable.new_fest import copy_fest, planned_copy
from registrations.timetable.paste import COLUMNS, Paste, make_events, read_events
from techfest.core.admin.base import page_of
from techfest.core.db.clock import database_now
from techfest.core.text_limits import LimitedText
from tickets.admin import fest_zone
from tickets.go_live.checklist import points
from tickets.mail.kinds.notice import enqueue_notice

_TIME = "%Y-%m-%d %H:%M"


class FestPagesForm(FestForm):
    """Counts who would be erased where a date makes a purge due."""

    def what_is_there(self) -> tuple[list[Event], int]:
        events, _none = super().what_is_there()
        rows = Registration.objects.filter(event__fest=self.instance.pk, student__erased_at=None)
        return events, rows.count()


class CopyForm(DatedForm):
    """What differs from last year; every other time moves with the first day."""

    class Meta:
        model = Fest
        fields = ("name", "slug", "starts_on", "opens_at", "closes_at")
        widgets = {
            "starts_on": forms.DateInput(format="%Y-%m-%d"),
            "opens_at": forms.DateTimeInput(format=_TIME),
            "closes_at": forms.DateTimeInput(format=_TIME),
        }

    def __init__(self, data: Any, *, source: Fest) -> None:
        super().__init__(data)
        self.source = source

    def clean_starts_on(self) -> Any:
        """Every other day is reckoned from it."""
        day = self.cleaned_data["starts_on"]
        if day.year not in YEARS:
            raise forms.ValidationError(_("Check the year: %(year)d."), params={"year": day.year})
        return day

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if {"starts_on", "opens_at", "closes_at"} <= cleaned.keys():
            fest, events = planned_copy(self.source, cleaned)
            if not self.refuse_dates(fest_refusals(fest)):
                self.ask_about_dates(fest_questions(fest, now=database_now(), events=events))
        return cleaned


class PasteForm(LimitedText, forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Events"),
        widget=forms.Textarea(attrs={"rows": 12, "cols": 100, "spellcheck": "false"}),
        strip=False,
    )


@admin.register(Fest)
class FestPages(FestAdmin):
    """Stands in this room since the look before going live asks after mails and papers."""

    form = FestPagesForm
    change_form_template = "admin/events/fest/change_form.html"

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Where another zone is chosen in the form, the times beside it are read in that zone."""
        found = super().get_object(request, object_id, from_field)
        if found is not None and (zone := self.typed_zone(request, found)):
            timezone.activate(zone)
        return found

    def typed_zone(self, request: HttpRequest, fest: Fest) -> zoneinfo.ZoneInfo | None:
        """The zone to which a post changes this fest; `None` where it leaves the zone alone."""
        name = request.POST.get("time_zone", "")
        shown = request.POST.get("initial-time_zone", fest.time_zone)
        if name in (shown, fest.time_zone) or not is_time_zone(name):
            return None
        return zoneinfo.ZoneInfo(name)

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Another time zone goes by the page that asks which times stay; the rest is Django's."""
        if request.method == "POST" and object_id is not None and "time_zone" in request.POST:
            deadline = Deadline()
            answer = in_transaction(
                lambda: fest_zone.handle_save(self, request, object_id, deadline), deadline=deadline
            )
            if answer is not None:
                return answer
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/copy/", view(self.copy_view), name="events_fest_copy"),
            path("<int:pk>/paste/", view(self.paste_view), name="events_fest_paste"),
            path("<int:pk>/ready/", view(self.ready_view), name="events_fest_ready"),
            *super().get_urls(),
        ]

    def copy_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        source = self._fest(request, pk, "events.add_fest")
        form = CopyForm(request.POST or None, source=source)
        if form.is_valid():
            fest = copy_fest(source, form.cleaned_data, user=request.user)
            words = _("%(fest)s is made, with %(count)d events as drafts.")
            self.message_user(request, words % {"fest": fest.name, "count": fest.events.count()})
            return HttpResponseRedirect(page_of(fest))
        context = self._context(request, source, _("Copy this fest"), {"form": form})
        return TemplateResponse(request, "admin/events/fest/copy.html", context)

    def paste_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Reads what was pasted and shows all of it; the button below a list without problems makes the events."""
        fest = self._fest(request, pk, "events.add_event")
        form, paste = PasteForm(request.POST or None), None
        if form.is_valid():
            paste = self._read(request, fest, form)
        if paste and not paste.problems and request.POST.get("confirmed") == "yes":
            return self._made(request, fest, paste)
        context = self._context(
            request, fest, _("Paste events"), {"form": form, "paste": paste, "columns": COLUMNS}
        )
        return TemplateResponse(request, "admin/events/fest/paste.html", context)

    def _read(self, request: HttpRequest, fest: Fest, form: PasteForm) -> Paste | None:
        text = form.cleaned_data["text"]
        try:
            if request.POST.get("confirmed") == "yes":
                return make_events(text, fest=fest, user=request.user)
            return read_events(text, fest=fest)
        except RegistrationError as error:
            form.add_error("text", str(error.text))
        return None

    def _made(self, request: HttpRequest, fest: Fest, paste: Paste) -> HttpResponseRedirect:
        count = len(paste.events)
        words = ngettext("%(count)d event is made as a draft.", "%(count)d events are made as drafts.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)
        return HttpResponseRedirect(f"{reverse('admin:events_event_changelist')}?fest__id__exact={fest.pk}")

    def ready_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """GET shows what is missing; POST sends a test mail to whoever pressed."""
        fest = self._fest(request, pk, "events.change_fest")
        if request.method == "POST":
            self._try_mail(request, fest)
            return HttpResponseRedirect(request.path)
        found = points(fest, now=database_now())
        context = self._context(
            request,
            fest,
            _("Before going live"),
            {"points": found, "missing": sum(not point.is_well for point in found)},
        )
        return TemplateResponse(request, "admin/events/fest/ready.html", context)

    def _try_mail(self, request: HttpRequest, fest: Fest) -> None:
        to = getattr(request.user, "email", "")
        if not to:
            self.message_user(request, _("Your account has no e-mail address."), messages.ERROR)
            return
        text = _(
            "This is how mails of %(fest)s arrive.\n\n"
            "Look whether it came into the inbox and not among the spam, and whether an answer reaches %(contact)s."
        )
        values = {"fest": fest.name, "contact": fest.contact_email}
        subject = _("Test mail of %(fest)s") % values
        enqueue_notice(to=to, subject=subject, text=text % values, user=request.user, now=database_now())
        self.message_user(request, _("A test mail to %(to)s is owed; it goes at once.") % {"to": to})

    def _fest(self, request: HttpRequest, pk: int, permission: str) -> Fest:
        """Looked up as the list does, for whoever has the permission."""
        if not request.user.has_perm(permission):
            raise PermissionDenied
        fest: Fest | None = self.get_queryset(request).filter(pk=pk).first()
        if fest is None:
            raise Http404
        show_fest(request, fest)  # what is typed is read in its zone
        return fest

    def _context(self, request: HttpRequest, fest: Fest, title: str, more: dict[str, Any]) -> dict[str, Any]:
        own = {"title": title, "opts": self.opts, "media": self.media, "shown_fest": fest}
        return {**self.admin_site.each_context(request), **own, **more}
