"""Mails to teachers about their held seats: approved, refused, to be named soon, returned."""

import datetime as dt

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations import hooks
from registrations.models import Hold
from techfest.core.formatting import exact_moment


def notify_of_answer(hold: Hold, *, now: dt.datetime) -> None:
    """The organiser's decision on a requested hold."""
    if hold.state == Hold.State.HELD:
        subject = ngettext(
            "%(count)d seat of %(event)s is held for you",
            "%(count)d seats of %(event)s are held for you",
            hold.seats,
        )
        text = _("Send us the names by %(until)s. Seats without a name then become free for everyone.")
    else:
        subject = _("No seats of %(event)s are held for you")
        text = _("An organiser looked at your request and could not hold these seats.")
    _notify(hold, subject, text, count=hold.seats, now=now)


def remind(hold: Hold, *, now: dt.datetime) -> None:
    """Half of the time is over, and names are missing."""
    subject = ngettext(
        "%(count)d held seat of %(event)s has no name yet",
        "%(count)d held seats of %(event)s have no names yet",
        hold.unused,
    )
    text = _("Send us the names by %(until)s. Seats without a name then become free for everyone.")
    _notify(hold, subject, text, count=hold.unused, now=now)


def notify_of_end(hold: Hold, *, unused: int, now: dt.datetime) -> None:
    """The time is over, of a hold or of a request that was never decided."""
    if hold.held_at is None:
        subject = _("No seats of %(event)s are held for you")
        text = _("No organiser decided before %(until)s, when you wanted to send the names.")
    else:
        subject = ngettext(
            "%(count)d held seat of %(event)s is free for everyone again",
            "%(count)d held seats of %(event)s are free for everyone again",
            unused,
        )
        text = _("The names were due by %(until)s. Students whose names you sent keep their seats.")
    _notify(hold, subject, text, count=unused, now=now)


def notify_of_return(hold: Hold, *, unused: int, now: dt.datetime) -> None:
    """An organiser or a colleague has given the seats back."""
    subject = ngettext(
        "%(count)d held seat of %(event)s was given back",
        "%(count)d held seats of %(event)s were given back",
        unused,
    )
    text = _(
        "An organiser or a colleague gave them back before %(until)s. Students whose names you sent keep their seats."
    )
    _notify(hold, subject, text, count=unused, now=now)


def notify_of_cancelled_event(hold: Hold, *, now: dt.datetime) -> None:
    subject = _("No seats of %(event)s are held for you")
    _notify(hold, subject, _("The event does not take place."), count=hold.seats, now=now)


def _notify(hold: Hold, subject: str, text: str, *, count: int, now: dt.datetime) -> None:
    """Send to the teacher who requested the hold. Reserved capacity has no teacher and no mail."""
    if hold.school_id is None:
        return
    with timezone.override(hold.event.fest.zone):
        words = {"count": count, "event": hold.event.name, "until": exact_moment(hold.deadline)}
    if not hold.requested_by.email:
        return
    hooks.enqueue_notice.call(
        user=hold.requested_by,
        to=hold.requested_by.email,
        subject=subject % words,
        text=text % words,
        link=f"{settings.SITE_URL}{reverse('holds:list')}",
        link_label=_("Your held seats"),
        now=now,
    )
