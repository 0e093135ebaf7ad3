"""Publishing several draft events at once, after a page that names them."""

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.models import Event, Seats
from registrations.event_changes.apply import ApplyOptions, apply_edits
from registrations.event_changes.impact import Edit, preview_impact
from techfest.core.admin.asking import asks_first
from techfest.core.admin.confirmation import Confirmation, confirmed_action, size_refusal
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.formatting import moment

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

MAX_AT_ONCE = 300
"""Events published in one transaction."""
State = Event.State
PUBLISHABLE = Q(state=State.DRAFT, seats__capacity__gt=0)


class PublishEvents(_ModelAdmin):
    actions = ("publish_events",)

    @asks_first
    @admin.action(description=gettext_lazy("Publish the chosen events"), permissions=["change"])
    def publish_events(self, request: HttpRequest, queryset: QuerySet[Event]) -> HttpResponseBase | None:
        """Publish the drafts among the chosen events; one without seats stays a draft."""
        drafts = queryset.filter(PUBLISHABLE)
        rows = drafts.select_related("fest", "venue", "seats").order_by("starts_at", "name", "pk")
        chosen = list(rows[: MAX_AT_ONCE + 1])
        return confirmed_action(
            self,
            request,
            action="publish_events",
            refusal=size_refusal(
                len(chosen),
                MAX_AT_ONCE,
                none=_("None of these is a draft with seats."),
                too_many=_("Choose at most %(maximum)d events at once."),
            ),
            confirmation=lambda: _confirmation(chosen),
            do=lambda: _publish_and_report(chosen, request.user),
        )


def _confirmation(chosen: Sequence[Event]) -> Confirmation:
    opens = chosen[0].fest.opens_at
    words = ngettext(
        "Visitors see this event at once; registration opens on %(when)s unless it has a time of its own.",
        "Visitors see these %(count)d events at once; registration opens on %(when)s unless an event has a time of "
        "its own.",
        len(chosen),
    )
    line = '<bdi translate="no">{}</bdi>, {}, <bdi translate="no">{}</bdi>: {}'
    return Confirmation(
        title=ngettext("Publish %(count)d event?", "Publish %(count)d events?", len(chosen))
        % {"count": len(chosen)},
        submit_label=ngettext("Publish %(count)d event", "Publish %(count)d events", len(chosen))
        % {"count": len(chosen)},
        chosen=chosen,
        summary=[words % {"count": len(chosen), "when": moment(opens)}],
        rows=[
            format_html(line, event.name, moment(event.starts_at), event.venue.name, event.seats)
            for event in chosen
        ],
    )


def _publish_and_report(chosen: Sequence[Event], user: Any) -> list[tuple[str, int]]:
    count = publish([event.pk for event in chosen], user=user, deadline=Deadline())
    words = ngettext("%(count)d event is published.", "%(count)d events are published.", count)
    return [(words % {"count": count}, messages.SUCCESS)]


def publish(event_ids: Sequence[int], *, user: Any, deadline: Deadline) -> int:
    """Publish those of these events that are drafts with seats, in one transaction; return how many."""
    return in_transaction(lambda: _publish(event_ids, user, deadline), deadline=deadline)


def _publish(event_ids: Sequence[int], user: Any, deadline: Deadline) -> int:
    deadline.limit_locks()
    Seats.objects.locked(event_ids)
    drafts = Event.objects.filter(PUBLISHABLE, pk__in=event_ids)
    edits = [_edit(event) for event in drafts.select_related("fest", "venue", "seats").order_by("pk")]
    now = database_now()
    apply_edits(preview_impact(edits, now=now), ApplyOptions(user), now=now)
    return len(edits)


def _edit(before: Event) -> Edit:
    after = copy.copy(before)
    after.state = State.PUBLISHED
    return Edit(before, after, before.seats, before.seats.capacity, frozenset({"state"}))
