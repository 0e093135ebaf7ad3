"""Which mails of a restored database go: counted by kind, sent or dropped, and written into the audit log."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.audit_log import record
from registrations.booking.errors import ActionRejected
from registrations.models import DatabaseMarker
from registrations.restore import hold
from techfest.core.db.clock import database_now
from tickets.mail.kinds import notice
from tickets.models import Delivery

Kind = Delivery.Kind
DROPPED = "queued before the database was restored; an owner chose not to send it"
COPY, NEW = "copy", "new"
"""Mails that came back with the restored copy, and mails that were queued since."""
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many mails of one kind wait; `is_copy` where they came back with the copy and may have gone already."""

    name: str
    label: str
    count: int
    is_copy: bool

    @property
    def is_safe(self) -> bool:
        """Whether nobody can have had it: beat writes reminders anew, the others were caused after the restore."""
        return not self.is_copy and not self.name.endswith(f":{Kind.REMINDER}")


def waiting(marker: DatabaseMarker) -> list[Waiting]:
    """The mails that are held, those of the copy first. One query."""
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
    """Ends the hold: of the groups of mails, named as `waiting` names them, these go and those do not.

    Returns how many were dropped. What was queued for the first time while somebody decided goes. Raises
    `ActionRejected` where nothing is held any more, where mails of the copy are left that nobody decided on, and
    where the register of erasures was not applied since the restore, unless it is lost.
    """
    with transaction.atomic():
        marker = DatabaseMarker.objects.select_for_update().filter(held_since__isnull=False).first()
        if marker is None:
            raise ActionRejected(_("No mails are held any more: this was decided already."))
        if not (marker.register_applied_at or without_register):
            raise ActionRejected(str(REGISTER_FIRST))
        groups = waiting(marker)
        if any(one.is_copy and one.name not in {*send, *drop} for one in groups):
            raise ActionRejected(_("Other mails wait than this page showed. Look at the list again."))
        dropped = sum(_drop(marker, one) for one in groups if one.name in drop)
        _note(marker, user, groups, drop, without_register=without_register)
        hold.release(marker)
    hold.publish(marker)
    return dropped


REGISTER_FIRST = gettext_lazy(
    "The register of erasures was not applied since the restore, so erased children may be back. Run "
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
