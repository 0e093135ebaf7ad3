"""Results and certificates of an event that is still ahead: the organiser is asked whether that is meant."""

import datetime as dt
from collections.abc import Mapping

from django.utils.translation import gettext as _

from events.models import Event
from techfest.core.formatting import exact_moment

FIELD = "ahead_is_right"
"""The name of the box in `admin/_ahead.html`."""


def not_begun_question(event: Event, now: dt.datetime) -> str:
    """Return a question if the event has not begun, else an empty text."""
    if now >= event.starts_at:
        return ""
    words = _("%(event)s has not begun: it starts on %(when)s. Is this the right event?")
    return words % {"event": event.name, "when": exact_moment(event.starts_at, zone=event.fest.zone)}


def not_over_question(event: Event, now: dt.datetime) -> str:
    """Return a question if the event is not over, else an empty text."""
    if now >= event.ends_at:
        return ""
    words = _("%(event)s is not over: it ends on %(when)s. Is this the right event?")
    return words % {"event": event.name, "when": exact_moment(event.ends_at, zone=event.fest.zone)}


def is_answered(question: str, posted: Mapping[str, str]) -> bool:
    """Whether there is no question, or its box was ticked."""
    return not question or posted.get(FIELD) == "yes"


def unanswered() -> str:
    return _("Nothing is saved yet: tick the box if this is right.")
