"""Pressing Confirm: the good rows of a draft become a job, once per key."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.booking.errors import ActionRejected
from registrations.class_lists.drafts import lock_list
from registrations.class_lists.forecast import Forecast, forecast
from registrations.class_lists.identify import match
from registrations.class_lists.parse import read_draft
from registrations.models import ClassList, ClassListEntry, ClassListJob, ClassListRow, ConsentText
from registrations.signals import work_pending
from registrations.spreadsheets.listing import Listing
from techfest.core.db.bulk import insert_new

TASK = "registrations.confirm"
_OF_ANOTHER_LIST = gettext_lazy("This form is of another list. Open the list again.")


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a press of Confirm would register now, and what it would leave in the draft."""

    class_list: ClassList
    listing: Listing
    forecast: Forecast
    ready: frozenset[int]
    """The numbers of the rows that would go, none of them done or under way."""

    @property
    def left(self) -> int:
        """Rows that stay in the draft because something is wrong about them."""
        return len(self.listing.rows_with_errors | self.forecast.doubtful)

    @property
    def mails(self) -> int:
        """Students who would be mailed: those with an address who obtain something."""
        with_email = {student.row for student in self.listing.students if student.email}
        seat_results = {row.row for row in self.forecast.rows.values() if row.outcome in ("seat", "wait")}
        return len(self.ready & with_email & seat_results)

    @property
    def without_email(self) -> int:
        """Students whose tickets come to the teacher."""
        obtaining = {row.row for row in self.forecast.rows.values() if row.outcome in ("seat", "wait")}
        return len(self.ready & obtaining) - self.mails

    @property
    def hindrance(self) -> str:
        """Why nothing can be confirmed now, or nothing."""
        return _hindrance(self.class_list, self.ready)


def readiness(class_list: ClassList, *, wants_waiting: bool = True) -> Readiness:
    """Reads and judges the list as it is now."""
    listing = read_draft(class_list).listing
    expected = forecast(class_list, listing, wants_waiting=wants_waiting)
    free = set(_unassigned(class_list).values_list("number", flat=True))
    return Readiness(
        class_list, listing, expected, frozenset((expected.rows.keys() - expected.doubtful) & free)
    )


def _hindrance(class_list: ClassList, ready: Collection[int]) -> str:
    if class_list.is_guess:
        return _(
            "The file's encoding was guessed. Look at the names in the preview and say that they are right."
        )
    if not ready:
        return _("There is nothing to register: no row without problems is left in this list.")
    return ""


def confirm(
    class_list: ClassList,
    *,
    key: uuid.UUID,
    user: Any,
    consent_text: ConsentText,
    is_all_or_none: bool,
    wants_waiting: bool,
) -> ClassListJob:
    """Makes the job and gives it the rows without problems; a repeat with the same key finds the same job.

    Rows with errors, doubts, those left out and those that another job has are not given to it. The list is
    locked, so that two presses with two keys do not share a row. Raises `ActionRejected` when there is nothing
    to register, the encoding of the file is still a guess, or all are wanted and some have errors; `ListDeleted`
    where it is gone.
    """
    if earlier := _earlier_job(class_list, key):
        return earlier
    with transaction.atomic():
        # Read after the lock, which every correction takes as well: what goes is what stands there now.
        class_list = lock_list(class_list)
        if earlier := _earlier_job(class_list, key):
            return earlier
        ready = _ready(class_list, wants_all=is_all_or_none)
        rows = list(_unassigned(class_list).filter(number__in=ready).values_list("pk", flat=True))
        if not rows and (earlier := class_list.jobs.order_by("pk").last()):
            return earlier
        if not rows:
            raise ActionRejected(_hindrance(class_list, ()))
        job = ClassListJob(
            class_list=class_list,
            key=key,
            requested_by=user,
            consent_text=consent_text,
            is_all_or_none=is_all_or_none,
            wants_waiting=wants_waiting,
        )
        if not insert_new([job]):
            raise ActionRejected(str(_OF_ANOTHER_LIST))
        ClassListEntry.objects.filter(row__in=rows).delete()
        ClassListRow.objects.filter(pk__in=rows).update(job=job, key=RandomUUID())
        work_pending.send(sender=ClassListJob, task=TASK)
    return job


def _ready(class_list: ClassList, *, wants_all: bool) -> set[int]:
    """The numbers of the rows without problems; not foreseen again, since the worker judges."""
    listing = read_draft(class_list).listing
    matches = match(listing.ready, fest_id=class_list.fest_id, school_id=class_list.school_id)
    ready = {number for number, found in matches.items() if not found.is_doubt}
    if hindrance := _hindrance(class_list, ready):
        raise ActionRejected(hindrance)
    if wants_all and len(ready) < len(listing.students):
        raise ActionRejected(_("All or none was chosen, and some rows need fixing first."))
    return ready


def _earlier_job(class_list: ClassList, key: uuid.UUID) -> ClassListJob | None:
    """The job of a press with this key that was faster."""
    earlier = ClassListJob.objects.filter(key=key).first()
    if earlier and earlier.class_list_id != class_list.pk:
        raise ActionRejected(str(_OF_ANOTHER_LIST))
    return earlier


def _unassigned(class_list: ClassList) -> QuerySet[ClassListRow]:
    """Rows that take part and are neither done nor under way; those of a job that kept nothing are free again."""
    rows = ClassListRow.objects.filter(class_list=class_list, is_left_out=False, done_at=None)
    return rows.filter(Q(job=None) | Q(job__finished_at__isnull=False))
