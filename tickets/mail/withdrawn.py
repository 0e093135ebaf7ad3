"""Mails about registrations of a class list that was undone: whoever was not told yet is not told at all."""

from collections.abc import Collection, Sequence

from django.db.models import F, Q

from registrations.models import Change, Registration
from tickets.models import Delivery
from tickets.querysets import CAUSED, DeliveryQuerySet

Kind = Delivery.Kind
State = Delivery.State

UNDONE = "the class list was undone before this mail was sent"
"""The error of a mail that was dropped by undoing its class list."""
_LATER = (Kind.PROMOTED, Kind.CHANGED)
_UNTRIED = Q(state=State.QUEUED, attempts=0, queued_at__lte=F("created_at") + CAUSED)
"""Never handed over: one that a person queued again later was sent before, although its tries are counted anew."""


def withdraw(changes: Sequence[Change]) -> set[int]:
    """Drop the mails that announce these undone registrations and are not sent yet, in the caller's transaction.

    Returns the registrations that were never announced to their students. The mails are locked until the commit: the
    worker, which skips locked rows, has either claimed one before, and then it counts as sent, or finds it dropped.
    """
    undone = [change.registration for change in changes if change.cause == Change.Cause.UNDONE]
    if not undone:
        return set()
    waiting = _announcing(undone).filter(_UNTRIED)
    locked = list(
        waiting.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk", flat=True)
    )
    Delivery.objects.filter(_has_nothing_left(undone), pk__in=locked).update(
        state=State.DROPPED, error=UNDONE
    )
    return never_announced(undone)


def never_announced(registrations: Collection[Registration]) -> set[int]:
    """Those of these registrations about which no mail was handed over, nor may be in flight."""
    told = _announcing(registrations).exclude(_UNTRIED).exclude(state=State.DROPPED)
    found = told.values_list("submission_id", "change__registration_id")
    submissions, single = set(), set()
    for submission, registration in found:
        submissions.add(submission)
        single.add(registration)
    submissions.discard(None)
    return {row.pk for row in registrations if row.submission_id not in submissions and row.pk not in single}


def _announcing(registrations: Collection[Registration]) -> DeliveryQuerySet:
    """The mails that told these students of their registrations, or of what changed since."""
    submissions = {row.submission_id for row in registrations}
    of_submission = Q(kind=Kind.REGISTERED, submission__in=submissions - {None})
    later = Q(kind__in=_LATER, change__registration__in=[row.pk for row in registrations])
    return Delivery.objects.filter(of_submission | later)


def _has_nothing_left(undone: Collection[Registration]) -> Q:
    """Mails of submissions without any active registration, and those about a single registration."""
    submissions = {row.submission_id for row in undone} - {None}
    active = Registration.objects.active().filter(submission__in=submissions)
    left = submissions - set(active.values_list("submission_id", flat=True))
    return Q(kind=Kind.REGISTERED, submission__in=left) | Q(kind__in=_LATER)
