"""The admin page on which an owner decides which mails of a restored database go."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registrations.booking.errors import ActionRejected
from registrations.models import DatabaseMarker
from registrations.restore.hold import current_hold
from techfest.core.admin.pages import staff_page
from techfest.core.roles import is_owner
from techfest.core.text_limits import LimitedText
from tickets.restore.decision import Waiting, decide, waiting
from tickets.wakeup import notify_workers


class DecisionForm(LimitedText, forms.Form):
    """Which of the waiting groups are sent. `shown` are the groups that the page listed."""

    shown = forms.CharField(widget=forms.HiddenInput, required=False)
    send = forms.MultipleChoiceField(
        label=gettext_lazy("Send these mails (all others are never sent)"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    without_register = forms.BooleanField(
        label=gettext_lazy("The register of erasures is lost, and no copy of it is left"), required=False
    )

    def __init__(self, data: Any, *, marker: DatabaseMarker, groups: list[Waiting]) -> None:
        names = [one.name for one in groups]
        initial = {"shown": " ".join(names), "send": [one.name for one in groups if one.is_safe]}
        super().__init__(data, initial=initial)
        asked: Any = self.fields["send"]
        asked.choices = [(one.name, describe_group(one)) for one in groups]
        if marker.register_applied_at:
            del self.fields["without_register"]


def describe_group(one: Waiting) -> str:
    """Return how many mails of which kind, and where they come from."""
    if one.is_copy:
        words = ngettext(
            "%(count)d mail “%(kind)s” from the restored copy, which may have arrived already",
            "%(count)d mails “%(kind)s” from the restored copy, which may have arrived already",
            one.count,
        )
    else:
        words = ngettext(
            "%(count)d mail “%(kind)s” queued since the restore",
            "%(count)d mails “%(kind)s” queued since the restore",
            one.count,
        )
    return words % {"count": one.count, "kind": one.label}


def held_mails(request: HttpRequest, site: admin.AdminSite) -> HttpResponse:
    """Show what waits and why; POST sends and drops as chosen. For owners only."""
    if not is_owner(request.user):
        raise PermissionDenied
    marker = current_hold()
    if marker is None:
        messages.info(request, _("No mails are held."))
        return HttpResponseRedirect(reverse("admin:index"))
    groups = waiting(marker)
    form = DecisionForm(request.POST or None, marker=marker, groups=groups)
    if request.method == "POST" and form.is_valid() and _is_decided(request, form):
        return HttpResponseRedirect(reverse("admin:index"))
    title = _("Mails after a restore")
    return staff_page(
        request, site, "admin/held_mails.html", title=title, marker=marker, groups=groups, form=form
    )


def _is_decided(request: HttpRequest, form: DecisionForm) -> bool:
    send = set(form.cleaned_data["send"])
    try:
        dropped = decide(
            send=send,
            drop=set(form.cleaned_data["shown"].split()) - send,
            user=request.user,
            without_register=form.cleaned_data.get("without_register", False),
        )
    except ActionRejected as error:
        form.add_error(None, str(error.text))
        return False
    notify_workers()
    words = ngettext(
        "Mails are sent again. %(count)d mail is never sent.",
        "Mails are sent again. %(count)d mails are never sent.",
        dropped,
    )
    messages.success(request, words % {"count": dropped})
    return True
