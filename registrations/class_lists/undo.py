"""Undo a class list: cancel what its job registered, for ten minutes after the job has finished.

Lock order: the Seats rows of all events, then the registrations, then the job, then the mails that are not sent yet.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registrations import hooks
from registrations.booking.cancel import cancel_along, why_too_late
from registrations.booking.errors import ActionRejected
from registrations.models import Change, ClassListEntry, ClassListJob, MergedReference, Registration, Teacher
from registrations.signals import list_undone
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction

UNDO_FOR = dt.timedelta(minutes=10)
"""How long after its end a job can be undone, by the database's clock."""
_PEOPLE = (Change.Actor.STUDENT, Change.Actor.ORGANISER, Change.Actor.VOLUNTEER)
_TOO_LATE = gettext_lazy(
    "A list can be undone for ten minutes after it was registered. "
    "Cancel single registrations under “My students”."
)


class AlreadyUndone(Exception):
    """The job was undone before; nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What undoing a job would cancel now, and until when it can be undone."""

    until: dt.datetime
    registrations: int
    students: int
    kept: int
    """Registrations of the list that stay because a person changed or used them since."""


@dataclass(slots=True)
class _Undoing:
    """One attempt; `kept` counts what was left alone."""

    job: ClassListJob
    user: Any
    kept: int = 0

    def choose(self, registrations: list[Registration], now: dt.datetime) -> list[Registration]:
        """Mark the locked job as undone, and choose what no person has touched. Raises `AlreadyUndone`."""
        job = ClassListJob.objects.filter(pk=self.job.pk)
        if not job.filter(_in_time(now)).update(undone_at=now, undone_by=self.user):
            if job.filter(undone_at=None).exists():
                raise ActionRejected(str(_TOO_LATE))
            raise AlreadyUndone
        chosen = untouched(registrations, self.job, now)
        self.kept = len(registrations) - len(chosen)
        return chosen


def offer(job: ClassListJob) -> Offer | None:
    """Return what undoing this finished job would cancel; `None` if it can no longer be undone, or nothing is left."""
    now = database_now()
    if job.undone_at or job.finished_at is None or job.finished_at <= now - UNDO_FOR:
        return None
    active = list(Registration.objects.active().filter(pk__in=_made_by(job)).select_related("event"))
    if not (chosen := untouched(active, job, now)):
        return None
    students = len({row.student_id for row in chosen})
    return Offer(job.finished_at + UNDO_FOR, len(chosen), students, len(active) - len(chosen))


def undo(job: ClassListJob, *, user: Any, deadline: Deadline) -> None:
    """Cancel the registrations that this job made and that nobody has changed or used since, in one transaction.

    Freed seats go to the waiting lists. A student who has not been mailed yet is not mailed at all; the others are
    told. A repeat does nothing. Raises `ActionRejected` after the ten minutes, `LockTimeout` after 3 s.
    """
    try:
        in_transaction(partial(_undo, job, user, deadline), deadline=deadline)
    except AlreadyUndone:
        return


def untouched(
    registrations: Collection[Registration], job: ClassListJob, now: dt.datetime
) -> list[Registration]:
    """Return those that no student, organiser or volunteer has changed since, that nobody used, and that lie ahead."""
    ids = [row.pk for row in registrations]
    by_people = Change.objects.filter(registration=OuterRef("pk"), actor__in=_PEOPLE)
    is_changed = Exists(by_people.exclude(cause=Change.Cause.EVENT_CHANGED))
    is_merged = Exists(MergedReference.objects.filter(student=OuterRef("student"), at__gte=job.created_at))
    changed = Registration.objects.filter(is_changed | is_merged, pk__in=ids)
    touched = set(changed.values_list("pk", flat=True))
    touched |= hooks.checked_in.call(ids)
    return [row for row in registrations if row.pk not in touched and not why_too_late(row, now)]


def _in_time(now: dt.datetime) -> Q:
    return Q(undone_at=None, finished_at__gt=now - UNDO_FOR)


def _made_by(job: ClassListJob) -> QuerySet[ClassListEntry, int]:
    """Return the registrations that the job created; those that existed before are not its own."""
    entries = ClassListEntry.objects.filter(row__job=job, is_new=True, registration__isnull=False)
    return entries.values_list("registration_id", flat=True)


def _undo(job: ClassListJob, user: Any, deadline: Deadline) -> None:
    undoing = _Undoing(job, user)
    cancelled = cancel_along(
        _made_by(job),
        actor=Change.Actor.TEACHER,
        deadline=deadline,
        user=user,
        cause=Change.Cause.UNDONE,
        choose=undoing.choose,
    )
    now = database_now()
    counts = {"cancelled": len(cancelled), "kept": undoing.kept}
    record(job, what="undone", now=now, user=user, after=counts)
    list_undone.send(sender=ClassListJob, job=job)
    _notify_colleagues(job, user, len(cancelled), now)


def _notify_colleagues(job: ClassListJob, user: Any, cancelled: int, now: dt.datetime) -> None:
    """Mail the teachers in charge of the list, if another one has undone it."""
    in_charge = {one.pk: one for one in (job.class_list.owner, job.requested_by)}
    in_charge.pop(user.pk, None)
    teachers = Teacher.objects.with_access().filter(school=job.class_list.school_id, user__in=in_charge)
    words = {"name": user.get_full_name() or user.get_username(), "title": job.class_list.title}
    text = _("%(name)s undid the class list “%(title)s”, which was registered a few minutes before.") % words
    counted = ngettext(
        "%(count)d registration is cancelled.", "%(count)d registrations are cancelled.", cancelled
    ) % {"count": cancelled}
    for teacher in teachers.select_related("user").exclude(user__email=""):
        hooks.enqueue_notice.call(
            to=teacher.user.email,
            subject=_("A class list was undone"),
            text=f"{text}\n\n{counted}",
            link=settings.SITE_URL + reverse("class_lists:job", args=[job.link_id]),
            link_label=_("The list"),
            user=teacher.user,
            now=now,
        )
