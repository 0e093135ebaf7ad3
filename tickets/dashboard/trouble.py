"""What is wrong with mails, workers and jobs; nothing is said while all goes well."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from events.models import Fest
from registrations.models import ClassListJob
from tickets import heartbeats
from tickets.dashboard.visibility import Viewer, list_path
from tickets.mail import breaker, provider_limits
from tickets.mail.queue import oldest_pending_age
from tickets.models import Delivery, DocumentJob

LATE = dt.timedelta(minutes=10)
"""A mail pending for longer is reported."""
STUCK = dt.timedelta(minutes=15)
"""A job unfinished for longer counts as stuck."""
State = Delivery.State
_JOBS: tuple[tuple[type[Model], Any], ...] = (
    (
        ClassListJob,
        ngettext_lazy(
            "%(count)d class list has not been registered for more than %(minutes)d minutes.",
            "%(count)d class lists have not been registered for more than %(minutes)d minutes.",
            "count",
        ),
    ),
    (
        DocumentJob,
        ngettext_lazy(
            "%(count)d document has not been made for more than %(minutes)d minutes.",
            "%(count)d documents have not been made for more than %(minutes)d minutes.",
            "count",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A sentence, and the page on which something can be done, "" where there is none."""

    words: str
    label: str = ""
    path: str = ""


def troubles(viewer: Viewer, fest: Fest | None, *, now: dt.datetime) -> list[Trouble]:
    """Return what is wrong, the worst first. The number of queries depends on the user's role only."""
    return [*_of_mails(viewer, fest, now), *_of_jobs(viewer, now)]


def _of_mails(viewer: Viewer, fest: Fest | None, now: dt.datetime) -> Iterator[Trouble]:
    if viewer.rows(Delivery) is None:
        return
    pending = list_path(Delivery, state__in=f"{State.QUEUED},{State.SENDING}")
    age = oldest_pending_age(now)
    for words in [*breaker.outage_sentences(now), *heartbeats.words(heartbeats.silent())]:
        yield Trouble(words)
    if age is not None and age > LATE:
        words = _(
            "A mail has been pending for %(age)s. Check that the workers run and that the provider accepts mails."
        )
        yield Trouble(words % {"age": timesince(now - age, now)}, _("Show the pending mails"), pending)
    for words in provider_limits.warnings(now):
        yield Trouble(words, _("Show the pending mails"), pending)
    if fest is not None and fest.is_current and fest.opens_at <= now and not settings.EMAIL_PROVIDER:
        yield Trouble(
            _("Registration is open, but no mail provider is set: no ticket is mailed."),
            _("Open the checklist"),
            reverse("admin:events_fest_ready", args=[fest.pk]),
        )


def _of_jobs(viewer: Viewer, now: dt.datetime) -> Iterator[Trouble]:
    """Jobs that are stuck, with one query for each kind."""
    for model, words in _JOBS:
        rows = viewer.rows(model)
        if rows is None:
            continue
        count = rows.filter(finished_at=None, created_at__lt=now - STUCK).count()
        if count:
            values = {"count": count, "minutes": STUCK.seconds // 60}
            yield Trouble(words % values, _("Show them"), list_path(model, finished_at__isempty=1))
