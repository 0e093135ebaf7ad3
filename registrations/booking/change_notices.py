"""Notices that ask teachers to tell their students what has changed. Composed when sent, so no name is stored."""

from collections.abc import Collection, Sequence
from typing import Any

from django.utils.translation import gettext as _

from registrations.models import Change, Registration, Teacher
from techfest.core.formatting import moment

State, Cause = Registration.State, Change.Cause


def is_promoted(change: Change) -> bool:
    return change.from_state == State.WAITING and change.to_state == State.CONFIRMED


def is_moved(change: Change) -> bool:
    return change.cause == Cause.MOVED and not change.from_state


def is_cancelled(change: Change) -> bool:
    is_step = change.to_state == State.CANCELLED and change.from_state != State.CANCELLED
    return is_step and change.cause not in (Cause.MOVED, Cause.MERGED)


def is_changed(change: Change) -> bool:
    return change.cause == Cause.EVENT_CHANGED


def still_to_tell(ids: Collection[int], *, user: Any) -> list[Change]:
    """Return those of these changes that this user may read: not of erased students, only of the user's school."""
    schools = Teacher.objects.with_access().filter(user=user).values("school")
    changes = Change.objects.filter(
        pk__in=ids, registration__student__erased_at=None, registration__student__school__in=schools
    )
    related = ("registration__student", "registration__event__venue", "registration__event__fest")
    return list(changes.select_related(*related).order_by("pk"))


def subject_about(count: int) -> str:
    return _("Tell %(count)d of your students") % {"count": count}


def text_about(changes: Sequence[Change], *, words: str) -> str:
    """Return the text of the mail, with the organiser's sentence at its end."""
    head = _("These students have no e-mail address. Tell them what has changed:")
    tail = [_("The organisers write: %(words)s") % {"words": words}] if words else []
    return "\n\n".join([head, *map(_sentence, changes), *tail])


def _sentence(change: Change) -> str:
    row = change.registration
    known = {
        "who": f"{row.student.name} ({row.student.school_class})",
        "event": row.event.name,
        "when": moment(row.event.starts_at, zone=row.event.fest.zone),
        "venue": row.event.venue.name,
    }
    if is_cancelled(change):
        return _("%(who)s: the registration for %(event)s is cancelled.") % known
    if is_promoted(change):
        return _("%(who)s: has a seat in %(event)s now, %(when)s, %(venue)s.") % known
    if is_moved(change):
        return _("%(who)s: is moved to %(event)s, %(when)s, %(venue)s.") % known
    return _("%(who)s: %(event)s is now %(when)s, %(venue)s.") % known
