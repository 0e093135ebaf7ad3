"""The limits that a fest and its events set to students, as sentences for pages."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Event, Fest


def fest_rules(fest: Fest) -> list[str]:
    """What binds each student in the whole fest."""
    if fest.events_per_student is None:
        return []
    words = _("Each student may have at most %(events)s at this fest.")
    return [words % {"events": number_of_events(fest.events_per_student)}]


def rules_of(event: Event) -> list[str]:
    """The limits that bind an entry in this event."""
    return fest_rules(event.fest)


def number_of_events(count: int) -> str:
    return ngettext("%(count)d event", "%(count)d events", count) % {"count": count}
