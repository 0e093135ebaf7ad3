"""Broadcasts in the admin: writing, a trial to the author, confirming, stopping, and progress.

The text of a broadcast is plain and never becomes markup in a mail.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from events.admin_base import RecordAdmin
from events.models import Fest
from registrations.booking.errors import ActionRejected
from registrations.fields import TextField
from registrations.models import Registration
from techfest.core.admin.base import page_of
from techfest.core.admin.pages import staff_page
from techfest.core.db.clock import database_now
from techfest.core.roles import is_owner
from techfest.core.text_limits import LimitedText
from tickets.mail.broadcast import service
from tickets.mail.broadcast.audience import Audience, Recipients, read_audience, recipients_of
from tickets.models import Message

MAX_CHARACTERS = 5000
TOO_LONG = gettext_lazy("The text must be 5,000 characters or less")


class MessageForm(LimitedText, forms.Form):
    subject = TextField(
        label=gettext_lazy("Subject"),
        max_characters=150,
        too_long=gettext_lazy("The subject must be 150 characters or less"),
        attrs={"class": "vTextField", "dir": "auto"},
        error_messages={"required": gettext_lazy("Enter a subject")},
    )
    text = forms.CharField(
        label=gettext_lazy("Text"),
        help_text=gettext_lazy(
            "Plain text: nothing in it becomes markup or a link. Empty lines separate paragraphs. The fest's name, the"
            " contact and the way to the registrations are added below."
        ),
        widget=forms.Textarea(attrs={"rows": 12, "dir": "auto"}),
        error_messages={"required": gettext_lazy("Enter the text")},
    )

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"].replace("\r\n", "\n").replace("\r", "\n").strip()
        if len(text) > MAX_CHARACTERS:
            raise forms.ValidationError(TOO_LONG)
        if any(ord(character) < 32 and character not in "\n\t" for character in text):
            raise forms.ValidationError(_("Remove the control characters from this field"))
        return text


class ConfirmForm(LimitedText, forms.Form):
    """Carries the number of mails that was shown next to the button."""

    mails = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


@admin.register(Message)
class MessageAdmin(RecordAdmin):
    """Authors see their own messages, owners all. The page of a message has a button for the next step."""

    list_display = (
        "subject",
        "audience_text",
        "total",
        "created_by",
        "confirmed_at",
        "goes_at",
        "stopped_at",
    )
    list_select_related = ("created_by",)
    search_fields = ("subject", "audience_text")
    ordering = ("-created_at", "-pk")
    fields = ("fest", "subject", "audience_text", "created_by", "created_at")

    def is_open_to(self, request: HttpRequest) -> bool:
        """Allow event leads too: the list of registrations limits their audience to the events they lead."""
        return self.has_add_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tickets.add_message")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        rows: QuerySet[Message] = admin.ModelAdmin.get_queryset(self, request)
        return rows if is_owner(request.user) else rows.filter(created_by=request.user.pk)

    def get_urls(self) -> list[URLPattern]:
        steps: tuple[tuple[str, Callable[..., HttpResponse]], ...] = (
            ("write", self.write_view),
            ("try", require_POST(self.try_view)),
            ("confirm", require_POST(self.confirm_view)),
            ("stop", require_POST(self.stop_view)),
        )
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"tickets_message_{name}")
            for name, view in steps
        ]
        return [*own, *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Write a message to all registrations that the filters in the address select."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        filters = request.GET.urlencode()
        try:
            audience = self._audience(request, filters)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse("admin:registrations_registration_changelist"))
        form = MessageForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                written = service.write(
                    **form.cleaned_data, filters=filters, audience=audience, user=request.user
                )
                return HttpResponseRedirect(page_of(written))
            except ActionRejected as error:
                form.add_error(None, str(error.text))
        return self._writing(request, form, audience)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show a draft with its next step, or the progress of a confirmed message."""
        message = self._own(request, object_id)
        if message.confirmed_at:
            context = {"progress": service.progress_of(message), "is_window_open": _is_window_open(message)}
            return self._page(request, "progress", message.subject, message=message, **context)
        audience = self._audience(request, message.audience["filters"], message.fest)
        recipients = recipients_of(audience.registrations)
        return self._page(
            request,
            "draft",
            message.subject,
            message=message,
            summary=summary_of(audience, recipients),
            mails=recipients.mails,
            minutes=int(service.window().total_seconds() // 60),
        )

    def write_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Edit a draft; a changed text needs a new trial."""
        message = self._own(request, pk)
        initial = {"subject": message.subject, "text": message.text}
        form = MessageForm(request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid():
            if not service.rewrite(message, **form.cleaned_data):
                self.message_user(request, _("This message was confirmed already."), messages.ERROR)
            return HttpResponseRedirect(page_of(message))
        audience = self._audience(request, message.audience.get("filters", ""), message.fest)
        return self._writing(request, form, audience)

    def try_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = self._own(request, pk)
        try:
            delivery = service.try_out(message, user=request.user)
            words, level = _("A test mail is sent to %(to)s.") % {"to": delivery.to}, messages.SUCCESS
        except ActionRejected as error:
            words, level = str(error.text), messages.ERROR
        self.message_user(request, words, level)
        return HttpResponseRedirect(page_of(message))

    def confirm_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        message, form = self._own(request, pk), ConfirmForm(request.POST)
        audience = self._audience(request, message.audience["filters"], message.fest)
        mails = form.cleaned_data["mails"] if form.is_valid() else -1
        try:
            service.confirm(message.pk, audience=audience, mails=mails, user=request.user)
        except ActionRejected as error:
            self.message_user(request, str(error.text), messages.ERROR)
        return HttpResponseRedirect(page_of(message))

    def stop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = self._own(request, pk)
        try:
            count = service.stop(message.pk, user=request.user)
            words = ngettext("%(count)d mail is stopped.", "%(count)d mails are stopped.", count)
            self.message_user(request, words % {"count": count}, messages.SUCCESS)
        except ActionRejected as error:
            self.message_user(request, str(error.text), messages.ERROR)
        return HttpResponseRedirect(page_of(message))

    def _own(self, request: HttpRequest, pk: Any) -> Message:
        """Return the message if the user wrote it or is an owner."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        rows = self.get_queryset(request).select_related("fest", "created_by", "stopped_by")
        message = rows.filter(pk=int(pk)).first() if str(pk).isdecimal() else None
        if message is None:
            raise Http404
        return message

    def _audience(self, request: HttpRequest, filters: str, fest: Fest | None = None) -> Audience:
        """Return the registrations that the list shows to the user, in the fest of the message if there is one."""
        list_admin = self.admin_site.get_model_admin(Registration)
        return read_audience(request, list_admin, filters, fest=fest)

    def _writing(self, request: HttpRequest, form: MessageForm, audience: Audience) -> HttpResponse:
        summary = summary_of(audience, recipients_of(audience.registrations))
        return self._page(request, "write", _("Message to many"), form=form, summary=summary)

    def _page(self, request: HttpRequest, name: str, title: str, **context: Any) -> HttpResponse:
        return staff_page(request, self, f"admin/messages/{name}.html", title=title, **context)


def _is_window_open(message: Message) -> bool:
    return bool(message.goes_at and not message.stopped_at and database_now() < message.goes_at)


def summary_of(audience: Audience, recipients: Recipients) -> Iterable[str]:
    """Yield sentences about who gets the message, with counts."""
    to = audience.words or (
        _("all registrations of your events") if audience.is_of_led else _("all registrations")
    )
    fest = Fest.objects.filter(pk=audience.fest_id or 0).first()
    if fest and Fest.objects.count() > 1:
        yield _("Fest: %(fest)s.") % {"fest": fest.name}
    active = _("without cancelled ones") if audience.is_of_active else _("cancelled ones")
    if not recipients.students:
        active = _("there are none")
    yield _("To: %(to)s (%(active)s).") % {"to": to, "active": active}
    mails = ngettext("%(count)d mail", "%(count)d mails", recipients.mails) % {"count": recipients.mails}
    students = ngettext("%(count)d student", "%(count)d students", recipients.students)
    yield _("%(mails)s to %(students)s: a shared mailbox gets it once.") % {
        "mails": mails,
        "students": students % {"count": recipients.students},
    }
    if without := recipients.without_address:
        words = ngettext(
            "%(count)d student has no address and gets none.",
            "%(count)d students have no address and get none.",
            without,
        )
        yield words % {"count": without}
