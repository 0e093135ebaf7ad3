"""What the page of an event in the admin shows of tickets, check-ins and pending decisions."""

from collections.abc import Iterator

from django.contrib import admin
from django.http import HttpRequest

from events.models import Event
from registrations import hooks
from registrations.hooks import EventDecision, EventFigures
from tickets.dashboard.decisions import PENDING_KINDS, PendingKind
from tickets.dashboard.visibility import Viewer, list_path
from tickets.models import CheckIn, Ticket


def event_figures(request: HttpRequest, event: Event) -> EventFigures:
    """Count the check-ins of this event and what waits for a decision of the user, with one query for each."""
    viewer = Viewer(request, admin.site)
    tickets = viewer.rows(Ticket)
    inside = {"undone_at__isempty": 1, "is_reentry__exact": 0}
    may_see = viewer.rows(CheckIn) is not None
    return EventFigures(
        checked_in=0 if tickets is None else _checked_in(event),
        checked_in_path=list_path(CheckIn, **inside, ticket__registration__event__id__exact=event.pk)
        if may_see
        else "",
        decisions=[one for kind in PENDING_KINDS for one in _decisions(viewer, kind, event)],
    )


hooks.event_figures.register(event_figures)


def _checked_in(event: Event) -> int:
    rows = Ticket.objects.filter(registration__event=event, voided_at=None, checked_in_at__isnull=False)
    return rows.count()


def _decisions(viewer: Viewer, kind: PendingKind, event: Event) -> Iterator[EventDecision]:
    """Yield what waits in this event; kinds whose lists cannot be limited to an event have nothing."""
    its_admin = viewer.site.get_model_admin(kind.model)
    lookup = getattr(its_admin, "event_lookup", None)
    chosen = f"{lookup}__id__exact"
    if (
        not lookup
        or not viewer.decides(kind.model)
        or not its_admin.lookup_allowed(chosen, "", viewer.request)
    ):
        return
    rows = viewer.rows(kind.model)
    count = 0 if rows is None else kind.waiting(rows.filter(**{lookup: event})).distinct().count()
    if count:
        yield EventDecision(
            count, kind.words % count, list_path(kind.model, **kind.filters, **{chosen: event.pk})
        )
