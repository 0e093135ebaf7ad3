"""Why nobody moves up from a waiting list just now, in sentences fit to show."""

from datetime import datetime

from django.db.models import F, Max, Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Event, Seats
from registrations.booking.waitlist import is_moving, with_number
from registrations.models import Hold, Registration


def why_nobody(event: Event, seats: Seats, *, now: datetime) -> str:
    """The reason that the next in line has no seat yet; empty where `promote` would give one at once.

    It says the first thing that stands in the way, and of full events also whose seats are held. Two queries
    at most; nothing is locked, so it is as true as the rows at hand.
    """
    if not seats.waiting:
        return _("Nobody waits.")
    if event.state == Event.State.CANCELLED:
        return _("The event is cancelled.")
    if event.state == Event.State.DRAFT:
        return _("The event is not published.")
    if not is_moving(event, now):
        words = _("The waiting list has not moved since %(end)s: free seats are given at the door.")
        return words % {"end": _moment(event.promotion_ends_at, event)}
    if seats.free:
        return ""
    return " ".join(filter(None, (_fullness(seats), *_held(event, seats))))


def why_waiting(registration: Registration, *, now: datetime) -> str:
    """The same for one who waits, with how many are ahead; empty for whoever does not."""
    if registration.state != Registration.State.WAITING:
        return ""
    event = Event.objects.with_related().get(pk=registration.event_id)
    ahead = with_number(Registration.objects.filter(pk=registration.pk)).get().number - 1
    words = ngettext("%(count)d waits ahead.", "%(count)d wait ahead.", ahead) % {"count": ahead}
    return " ".join(
        filter(None, (words if ahead else _("Next in line."), why_nobody(event, event.seats, now=now)))
    )


def _fullness(seats: Seats) -> str:
    over = seats.taken - seats.capacity
    if over > 0:
        words = ngettext(
            "%(count)d seat more is taken than there are (%(taken)d of %(capacity)d).",
            "%(count)d seats more are taken than there are (%(taken)d of %(capacity)d).",
            over,
        )
        return words % {"count": over, "taken": seats.taken, "capacity": seats.capacity}
    words = ngettext("The only seat is taken.", "All %(count)d seats are taken.", seats.capacity)
    return words % {"count": seats.capacity} if seats.capacity else _("There are no seats.")


def _held(event: Event, seats: Seats) -> list[str]:
    """Seats that are taken without a name: for schools, and kept back by organisers."""
    if not seats.held:
        return []
    rows = Hold.objects.filter(event=event).held()
    unused = {"seats": Sum(F("seats") - F("used")), "last": Max("until")}
    of_schools = rows.filter(school__isnull=False).aggregate(**unused)
    reserved = rows.filter(school=None).aggregate(**unused)
    sentences = []
    if of_schools["seats"]:
        words = ngettext(
            "%(count)d of them is held for a school, until %(end)s at the latest.",
            "%(count)d of them are held for schools, until %(end)s at the latest.",
            of_schools["seats"],
        )
        sentences.append(words % {"count": of_schools["seats"], "end": _moment(of_schools["last"], event)})
    if reserved["seats"]:
        words = ngettext(
            "%(count)d of them is held back by an organiser, until %(end)s at the latest.",
            "%(count)d of them are held back by organisers, until %(end)s at the latest.",
            reserved["seats"],
        )
        sentences.append(words % {"count": reserved["seats"], "end": _moment(reserved["last"], event)})
    return sentences


def _moment(when: datetime, event: Event) -> str:
    local = timezone.localtime(when, event.fest.zone)
    return f"{date_format(local, 'j F')}, {date_format(local, 'g:iA').lower()}"
