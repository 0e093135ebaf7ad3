"""The work of the workers: mails and PDFs that are pending, and jobs that run or are stuck."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Min, Model, Q
from django.utils.translation import gettext_lazy as _

from registrations.models import ClassListJob
from tickets import heartbeats
from tickets.dashboard.visibility import Viewer, list_path
from tickets.mail import breaker, provider_limits
from tickets.models import Delivery, DocumentJob, Ticket
from tickets.querysets import RENDER_ATTEMPTS

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LATE = dt.timedelta(minutes=10)
"""A mail pending for longer is shown in red."""
STUCK = dt.timedelta(minutes=15)
"""A job unfinished for longer counts as stuck."""
State = Delivery.State
_JOBS: tuple[tuple[type[Model], "_StrPromise"], ...] = (
    (ClassListJob, _("class lists")),
    (DocumentJob, _("documents")),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its label and the list it links to; `is_bad` marks trouble."""

    label: "_StrPromise"
    count: int
    path: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Mails:
    figures: list[Figure]
    oldest: dt.datetime | None
    is_late: bool
    near_limits: list[str]
    """A sentence for each limit of the mail provider that is nearly reached."""
    faults: list[str]
    """A sentence if the provider takes no mails, and one for each kind of worker that does not run."""


def mails(viewer: Viewer, *, now: dt.datetime) -> Mails | None:
    """Return the mails in three queries, and two more if the provider's limits are set.

    A mail that is due later, such as a broadcast that may still be stopped, is not late.
    """
    rows = viewer.rows(Delivery)
    if rows is None:
        return None
    states = rows.values_list("state").annotate(
        count=Count("pk"), oldest=Min("queued_at", filter=Q(due_at__lte=now))
    )
    found = {state: (count, oldest) for state, count, oldest in states}
    counts = Counter({state: count for state, (count, _oldest) in found.items()})
    waits = [found[state][1] for state in (State.QUEUED, State.SENDING) if state in found]
    oldest = min((at for at in waits if at), default=None)
    is_late = oldest is not None and now - oldest > LATE
    faults = [*breaker.outage_sentences(now), *heartbeats.words(heartbeats.silent())]
    return Mails(_figures(counts, is_late=is_late), oldest, is_late, provider_limits.warnings(now), faults)


def _figures(counts: Counter[str], *, is_late: bool) -> list[Figure]:
    pending, failed = f"{State.QUEUED},{State.SENDING}", f"{State.FAILED}"
    bounced = f"{State.BOUNCED},{State.SUPPRESSED},{State.COMPLAINED}"

    def figure(label: "_StrPromise", states: str, *, is_bad: bool = False) -> Figure:
        count = sum(counts[state] for state in states.split(","))
        return Figure(label, count, list_path(Delivery, state__in=states), is_bad and bool(count))

    return [
        figure(_("pending"), pending, is_bad=is_late),
        figure(_("sent"), State.SENT),
        figure(_("delivered"), State.DELIVERED),
        figure(_("bounced"), bounced, is_bad=True),
        figure(_("failed"), failed, is_bad=True),
    ]


def documents(viewer: Viewer) -> list[Figure]:
    """Count the PDFs of live tickets that are pending, and those given up, in one query."""
    rows = viewer.rows(Ticket)
    if rows is None:
        return []
    is_given_up = Q(render_attempts__gte=RENDER_ATTEMPTS)
    counted = rows.filter(voided_at=None, rendered_at=None).aggregate(
        pending=Count("pk", filter=~is_given_up), given_up=Count("pk", filter=is_given_up)
    )
    return [
        Figure(_("PDFs to be made"), counted["pending"], list_path(Ticket, pdf="pending")),
        Figure(
            _("PDFs given up"),
            counted["given_up"],
            list_path(Ticket, pdf="given_up"),
            is_bad=counted["given_up"] > 0,
        ),
    ]


@dataclass(frozen=True, slots=True)
class Jobs:
    """Unfinished jobs of one kind."""

    label: "_StrPromise"
    running: int
    stuck: int
    path: str


def jobs(viewer: Viewer, *, now: dt.datetime) -> list[Jobs]:
    """Return the unfinished jobs with one query for each kind."""
    found = []
    for model, label in _JOBS:
        rows = viewer.rows(model)
        if rows is None:
            continue
        unfinished = rows.filter(finished_at=None).aggregate(
            all=Count("pk"), stuck=Count("pk", filter=Q(created_at__lt=now - STUCK))
        )
        path = list_path(model, finished_at__isempty=1)
        found.append(Jobs(label, unfinished["all"] - unfinished["stuck"], unfinished["stuck"], path))
    return found
