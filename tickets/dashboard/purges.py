"""Which fests' names are about to be erased, or are kept although nobody needs them: told to owners."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Fest
from registrations.models import Registration
from registrations.privacy.purge_schedule import Schedule, describe_state, schedules
from tickets.dashboard.visibility import Viewer


@dataclass(frozen=True, slots=True)
class PurgeNotice:
    """A sentence, and the fest's page, where its dates are corrected."""

    words: str
    path: str


def purge_notices(viewer: Viewer, *, now: dt.datetime) -> list[PurgeNotice]:
    """Four queries for an owner, none for others. Fests without names left are not among it."""
    if not viewer.is_owner:
        return []
    found = schedules(Fest.objects.order_by("ends_on", "pk"))
    near = [one for one in found if one.announced_at or one.is_held(now)]
    counts = dict(
        Registration.objects.filter(event__fest__in=[one.fest for one in near], student__erased_at=None)
        .order_by()
        .values_list("event__fest")
        .annotate(count=Count("pk"))
    )
    return [_notice(one, counts[one.fest.pk], now) for one in near if counts.get(one.fest.pk)]


def _notice(schedule: Schedule, registrations: int, now: dt.datetime) -> PurgeNotice:
    text = ngettext(
        "%(fest)s (%(count)d registration): %(state)s",
        "%(fest)s (%(count)d registrations): %(state)s",
        registrations,
    )
    words = {"fest": schedule.fest.name, "count": registrations, "state": describe_state(schedule, now)}
    text = f"{text} {_('Correct the dates if this is wrong.')}"
    return PurgeNotice(text % words, reverse("admin:events_fest_change", args=[schedule.fest.pk]))
