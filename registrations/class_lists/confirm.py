"""Confirm a class list: its good rows become a job, once per idempotency key."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations import hooks
from registrations.booking.errors import ActionRejected
from registrations.class_lists.drafts import lock_list
from registrations.class_lists.forecast import SEAT, WAIT, Forecast, forecast
from registrations.class_lists.identify import match
from registrations.class_lists.parse import Draft, read_draft
from registrations.class_lists.questions import obstacle
from registrations.class_lists.row_status import TO_REGISTER, RowStatus, Status, row_statuses, summary
from registrations.models import ClassList, ClassListEntry, ClassListJob, ClassListRow, ConsentText
from registrations.spreadsheets.listing import Listing
from techfest.core.db.bulk import insert_new

TASK = "registrations.confirm"
_OF_ANOTHER_LIST = gettext_lazy("This form belongs to another list. Open the list again.")


@dataclass(frozen=True)
class Readiness:
    """What confirming would register now, and what would stay in the draft."""

    class_list: ClassList
    draft: Draft
    forecast: Forecast
    ready: frozenset[int]
    """The numbers of the rows that would be registered; none of them is done or part of a job."""

    @property
    def listing(self) -> Listing:
        return self.draft.listing

    @cached_property
    def statuses(self) -> list[RowStatus]:
        """The rows as the preview shows them, so that both pages count alike."""
        return list(row_statuses(self.draft, self.forecast).values())

    @property
    def summary(self) -> str:
        return summary(self.statuses)

    @property
    def good(self) -> int:
        """The number of rows that obtain something when the list is confirmed."""
        return sum(row.status in TO_REGISTER for row in self.statuses)

    @property
    def left(self) -> int:
        """The number of rows that stay in the draft because something is wrong with them."""
        return sum(row.status == Status.NEEDS_FIXING for row in self.statuses)

    @property
    def _obtaining(self) -> frozenset[int]:
        """The numbers of the ready rows that would get a seat or a rank on the waiting list."""
        rows = self.forecast.rows.values()
        return self.ready & {row.row for row in rows if row.outcome in (SEAT, WAIT)}

    @property
    def mails(self) -> int:
        """The number of students with an address who would get a seat or a rank on the waiting list."""
        with_email = {student.row for student in self.listing.students if student.email}
        return len(self._obtaining & with_email)

    @property
    def without_email(self) -> int:
        """The number of students whose tickets are sent to the teacher."""
        return len(self._obtaining) - self.mails

    @property
    def like_registered(self) -> list[int]:
        """The numbers of the ready rows that would make new students like registered ones."""
        rows = self.forecast.rows.values()
        return [row.row for row in rows if row.row in self.ready and row.problems]

    @property
    def obstacle(self) -> str:
        """Why nothing can be confirmed now, or an empty text."""
        return _obstacle(self.draft, self.ready)


def readiness(class_list: ClassList, *, wants_waiting: bool = True) -> Readiness:
    """Return what the list would register if it were confirmed now."""
    draft = read_draft(class_list)
    expected = forecast(class_list, draft.listing, wants_waiting=wants_waiting)
    free = set(_unassigned(class_list).values_list("number", flat=True))
    return Readiness(
        class_list, draft, expected, frozenset((expected.rows.keys() - expected.doubtful) & free)
    )


def _obstacle(draft: Draft, ready: Collection[int]) -> str:
    if draft.class_list.is_guess:
        return _(
            "The file does not say which encoding it uses. "
            "First choose in the preview in which line the names are right."
        )
    if question := obstacle(draft):
        return question
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
    """Create the job and give it the rows without problems; the same key returns the same job.

    Rows with errors, doubtful matches, left-out rows and rows of another job stay in the draft. The list is locked,
    so two requests with different keys never share a row. Raises `ActionRejected` if there is nothing to register,
    the encoding is still a guess, or all rows are wanted and some have errors; `ListDeleted` if the list is gone.
    """
    if earlier := _earlier_job(class_list, key):
        return earlier
    with transaction.atomic():
        # Read under the lock that every correction takes, so the current cells are registered.
        class_list = lock_list(class_list)
        if earlier := _earlier_job(class_list, key):
            return earlier
        ready = _ready(class_list, wants_all=is_all_or_none)
        rows = list(_unassigned(class_list).filter(number__in=ready).values_list("pk", flat=True))
        if not rows and (earlier := class_list.jobs.order_by("pk").last()):
            return earlier
        if not rows:
            raise ActionRejected(_obstacle(read_draft(class_list), ()))
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
        hooks.notify_workers.call(TASK)
    return job


def _ready(class_list: ClassList, *, wants_all: bool) -> set[int]:
    """Return the numbers of the rows without problems. The worker decides about seats, so no forecast is made here."""
    draft = read_draft(class_list)
    listing = draft.listing
    matches = match(listing.ready, fest_id=class_list.fest_id, school_id=class_list.school_id)
    ready = {number for number, found in matches.items() if not found.is_doubtful}
    if obstacle := _obstacle(draft, ready):
        raise ActionRejected(obstacle)
    if wants_all and len(ready) < len(listing.students):
        raise ActionRejected(_("All or none was chosen, and some rows need fixing first."))
    return ready


def _earlier_job(class_list: ClassList, key: uuid.UUID) -> ClassListJob | None:
    """Return the job that an earlier request with this key created."""
    earlier = ClassListJob.objects.filter(key=key).first()
    if earlier and earlier.class_list_id != class_list.pk:
        raise ActionRejected(str(_OF_ANOTHER_LIST))
    return earlier


def _unassigned(class_list: ClassList) -> QuerySet[ClassListRow]:
    """Return the rows that may be registered: neither left out nor done nor part of an unfinished job."""
    rows = ClassListRow.objects.filter(class_list=class_list, is_left_out=False, done_at=None)
    return rows.filter(Q(job=None) | Q(job__finished_at__isnull=False))
