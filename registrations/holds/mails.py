"""What is written to a teacher whose seats were granted, refused, are running out, or went back."""

import datetime as dt

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.models import Hold
from registrations.signals import notice_pending
from techfest.core.formatting import exact_moment


def notify_of_answer(hold: Hold, *, now: dt.datetime) -> None:
    """The organiser's yes or no to a block that was asked for."""
    if hold.state == Hold.State.HELD:
        subject = ngettext(
            "%(count)d seat of %(event)s is held for you",
            "%(count)d seats of %(event)s are held for you",
            hold.seats,
        )
        text = _("Send us the names by %(until)s. What has no name by then goes back to everybody.")
    else:
        subject = _("No seats of %(event)s are held for you")
        text = _("An organiser looked at what you asked for and could not hold these seats.")
    _notify(hold, subject, text, count=hold.seats, now=now)


def remind(hold: Hold, *, now: dt.datetime) -> None:
    """Half of the time is over, and names are missing."""
    subject = ngettext(
        "%(count)d held seat of %(event)s has no name yet",
        "%(count)d held seats of %(event)s have no names yet",
        hold.unused,
    )
    text = _("Send us the names by %(until)s. What has no name by then goes back to everybody.")
    _notify(hold, subject, text, count=hold.unused, now=now)


def notify_of_end(hold: Hold, *, unused: int, now: dt.datetime) -> None:
    """The time is over: of what was held, or of an answer that never came."""
    if hold.held_at is None:
        subject = _("No seats of %(event)s are held for you")
        text = _("No organiser answered before %(until)s, until when you wanted to send the names.")
    else:
        subject = ngettext(
            "%(count)d held seat of %(event)s went back to everybody",
            "%(count)d held seats of %(event)s went back to everybody",
            unused,
        )
        text = _("The names were to come by %(until)s. Whoever has a name has kept the seat.")
    _notify(hold, subject, text, count=unused, now=now)


def notify_of_return(hold: Hold, *, unused: int, now: dt.datetime) -> None:
    """Somebody else than who asked has given the seats back: an organiser, or a colleague."""
    subject = ngettext(
        "%(count)d held seat of %(event)s was given back",
        "%(count)d held seats of %(event)s were given back",
        unused,
    )
    text = _("Somebody else gave them back before %(until)s. Whoever has a name has kept the seat.")
    _notify(hold, subject, text, count=unused, now=now)


def notify_of_cancelled_event(hold: Hold, *, now: dt.datetime) -> None:
    subject = _("No seats of %(event)s are held for you")
    _notify(hold, subject, _("The event does not take place."), count=hold.seats, now=now)


def _notify(hold: Hold, subject: str, text: str, *, count: int, now: dt.datetime) -> None:
    """To the teacher who asked; what an organiser keeps back stands at the desk, where it is looked for."""
    if hold.school_id is None:
        return
    with timezone.override(hold.event.fest.zone):
        words = {"count": count, "event": hold.event.name, "until": exact_moment(hold.deadline)}
    if not hold.requested_by.email:
        return
    notice_pending.send(
        sender=Hold,
        user=hold.requested_by,
        to=hold.requested_by.email,
        subject=subject % words,
        text=text % words,
        link=f"{settings.SITE_URL}{reverse('holds:list')}",
        link_label=_("Your held seats"),
        now=now,
    )
