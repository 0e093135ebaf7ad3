"""After a restore: erase again, and decide which of the held mails are sent."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.booking.errors import ActionRejected
from registrations.models import DatabaseMarker
from registrations.privacy.erase import erase_listed
from registrations.privacy.erasure_register import RegisterError
from registrations.restore import hold
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now
from techfest.core.errors import UserFacingError
from tickets.mail.kinds import notice
from tickets.models import Delivery

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
