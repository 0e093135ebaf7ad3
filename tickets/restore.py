"""After a restore: erase again, and the admin page on which an owner decides which of the held mails are sent."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registrations.booking.errors import ActionRejected
from registrations.models import DatabaseMarker
from registrations.privacy.erase import erase_listed
from registrations.privacy.erasure_register import RegisterError
from registrations.restore import hold
from techfest.core.admin.pages import staff_page
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now
from techfest.core.errors import UserFacingError
from techfest.core.roles import is_owner
from techfest.core.text_limits import LimitedText
from tickets.mail.kinds import notice
from tickets.models import Delivery
from tickets.wakeup import notify_workers

Kind = Delivery.Kind
DROPPED = "queued before the database was restored; an owner chose not to send it"
COPY, NEW = "copy", "new"
"""Groups of mails: those restored with the copy, and those queued since."""
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many mails of one kind wait. With `is_copy` they came with the copy and may have been sent before."""

    name: str
    label: str
    count: int
    is_copy: bool

    @property
    def is_safe(self) -> bool:
        """Whether none of them can have been sent before.

        Not true of the copy, nor of reminders, which the scheduler queues again after a restore.
        """
        return not self.is_copy and not self.name.endswith(f":{Kind.REMINDER}")


def waiting(marker: DatabaseMarker) -> list[Waiting]:
    """Return the held mails by group, those of the copy first. One query."""
    is_copy = Count("pk", filter=_is_of_copy(marker))
    rows = (
        Delivery.objects.pending()
        .values_list("kind")
        .annotate(copy=is_copy, all=Count("pk"))
        .order_by("kind")
    )
    found = [(kind, copy, total - copy) for kind, copy, total in rows]
    copies = [_waiting(COPY, kind, copy) for kind, copy, _new in found if copy]
    return copies + [_waiting(NEW, kind, new) for kind, _copy, new in found if new]


def decide(
    *, send: Collection[str], drop: Collection[str], user: Any = None, without_register: bool = False
) -> int:
    """End the hold: send and drop the groups of mails, named as in `waiting`; return how many were dropped.

    Mails first queued during the decision are sent. Raises `ActionRejected` if nothing is held any more, if mails of
    the copy are left without a decision, or if the register of erasures was not applied since the restore, unless it
    is lost.
    """
    with transaction.atomic():
        marker = DatabaseMarker.objects.select_for_update().filter(held_since__isnull=False).first()
        if marker is None:
            raise ActionRejected(_("Mails are no longer held: this was already decided."))
        if not (marker.register_applied_at or without_register):
            raise ActionRejected(str(REGISTER_FIRST))
        groups = waiting(marker)
        if any(one.is_copy and one.name not in {*send, *drop} for one in groups):
            raise ActionRejected(
                _("The waiting mails have changed since this page was shown. Check the list again.")
            )
        dropped = sum(_drop(marker, one) for one in groups if one.name in drop)
        _note(marker, user, groups, drop, without_register=without_register)
        hold.release(marker)
    hold.publish(marker)
    return dropped


REGISTER_FIRST = gettext_lazy(
    "The register of erasures was not applied since the restore, so erased students may be back. Run "
    "“manage.py erase_again” on the server first, or say that the register is lost."
)


def _note(
    marker: DatabaseMarker,
    user: Any,
    groups: Sequence[Waiting],
    drop: Collection[str],
    *,
    without_register: bool,
) -> None:
    record(
        marker,
        what="decided on mails after a restore",
        now=database_now(),
        user=user,
        before={one.name: one.count for one in groups},
        after={one.name: "dropped" if one.name in drop else "sent" for one in groups},
        reason="the register of erasures is lost" if without_register else "",
    )


def _waiting(group: str, kind: str, count: int) -> Waiting:
    return Waiting(f"{group}:{kind}", str(Kind(kind).label), count, group == COPY)


def _is_of_copy(marker: DatabaseMarker) -> Q:
    return Q(queued_at__lte=marker.cutoff) | Q(created_at__lte=marker.cutoff)


def _drop(marker: DatabaseMarker, group: Waiting) -> int:
    kind = group.name.partition(":")[2]
    rows: QuerySet[Delivery] = Delivery.objects.pending().filter(kind=kind)
    rows = rows.filter(_is_of_copy(marker)) if group.is_copy else rows.exclude(_is_of_copy(marker))
    ids = list(rows.order_by("pk").select_for_update().values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        Delivery.objects.filter(pk__in=chunk).update(
            state=Delivery.State.DROPPED, error=DROPPED, claimed_at=None
        )
        notice.forget(chunk)
    return len(ids)


log = logging.getLogger(__name__)


def watch() -> None:
    """Advance the marker. For a restored database apply the register of erasures at once, if it is complete."""
    try:
        marker = hold.tick()
    except hold.Unreadable:
        return
    # A register beside another database's marker is another fest's.
    if not marker.is_held or marker.register_applied_at or marker.reason == DatabaseMarker.Reason.OTHER:
        return
    try:
        count = erase_listed()
    except RegisterError as error:
        log.warning("No student was erased again after the restore: %s", error)
    else:
        log.warning("The register of erasures was applied after a restore, %d erased again.", count)


def check_at_start() -> None:
    """Looks once before the first page is served, so that no page shows a student who was erased since the backup.

    A database that does not answer, a lock that is held or a full disk stops no start: beat looks again within 30
    seconds.
    """
    try:
        watch()
    except (DatabaseError, OSError, UserFacingError) as error:
        log.warning("Whether the database was restored could not be checked at the start: %s", error)


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
    marker = hold.current_hold()
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
