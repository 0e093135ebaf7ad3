"""The context of the pages at a checkpoint."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from registrations.models import Registration
from techfest.core.db.clock import database_now
from tickets.checkin import lookup
from tickets.checkin.checkpoints import Checkpoint, counts_of
from tickets.checkin.forms import SearchForm
from tickets.checkin.recent import last_scans, without_reason
from tickets.checkin.verdict_view import VerdictDisplay
from tickets.keys import random_key


def checkpoint_context(checkpoint: Checkpoint, **more: Any) -> dict[str, Any]:
    """Context of every page of a checkpoint: its name, the counts, and a form for the next scan."""
    urls = {name: checkpoint.url(name) for name in ("scanner", "scan", "search", "walk_in")}
    counts = counts_of(checkpoint)
    return {
        "checkpoint": checkpoint,
        "urls": urls,
        "key": random_key(),
        "counts": counts,
        "undo_reasons": undo_reasons(),
        **more,
    }


def scanner_context(request: HttpRequest, checkpoint: Checkpoint) -> dict[str, Any]:
    """Context of the scanner, with the last scans of this login, and the undone check-ins whose reason is missing."""
    unexplained = without_reason(request.user, checkpoint, database_now())
    return checkpoint_context(checkpoint, recent=last_scans(request, checkpoint), unexplained=unexplained)


def verdict_context(request: HttpRequest, display: VerdictDisplay, **more: Any) -> dict[str, Any]:
    """Context of a verdict, with the actions it allows (re-entry, undo, seat) and the last scans of this login."""
    actions = {name: display.checkpoint.url(name, display.scan.link_id) for name in ("again", "undo", "seat")}
    return checkpoint_context(
        display.checkpoint,
        display=display,
        actions={**actions, "key": random_key()},
        recent=last_scans(request, display.checkpoint),
        **more,
    )


def people_context(checkpoint: Checkpoint, form: SearchForm, found: lookup.People) -> dict[str, Any]:
    """Context of what a search found: each registration with its live ticket and a key for its button."""
    return checkpoint_context(
        checkpoint,
        form=form,
        people=[(row, _live_ticket(row), random_key()) for row in found.rows[: lookup.MAX_RESULTS]],
        is_similar=found.is_similar,
        has_more=len(found.rows) > lookup.MAX_RESULTS,
        is_asked=form.is_bound,
    )


def _live_ticket(row: Registration) -> object:
    return next((ticket for ticket in row.tickets.all() if ticket.is_live), None)


def undo_reasons() -> list[str]:
    """The usual reasons for undoing a check-in, to choose from."""
    return [_("Wrong person"), _("Scanned by mistake"), _("Left the queue"), _("Only a test")]
