"""The next step of a new fest: one at a time, until registration has opened. For owners."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.models import Event, Fest
from techfest.core.admin.base import page_of
from techfest.core.formatting import moment
from tickets.dashboard.decisions import Act
from tickets.dashboard.event_rows import EventRow

State = Event.State
PUBLISH = Act(Event, "publish_events", gettext_lazy("Publish the events"))


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do next, why, and the button; `act` posts the `ids`, otherwise the button is a link to `path`."""

    title: str
    about: str
    label: str
    path: str = ""
    act: Act | None = None
    ids: Sequence[int] = ()
    others: Sequence[tuple[str, str]] = ()


def without_fest(fests: Sequence[Fest]) -> NextStep:
    """The step where no fest is current."""
    if not fests:
        return NextStep(
            _("Create your fest"),
            _(
                "Its name, its days, and when registration opens and closes. Everything else follows from here."
            ),
            _("Create the fest"),
            reverse("admin:events_fest_add"),
        )
    return NextStep(
        _("Choose the fest that visitors see"),
        _("No fest is current, so the public pages show none. Open a fest and mark it as current."),
        _("Open %(fest)s") % {"fest": fests[0].name},
        page_of(fests[0]),
        others=[(_("All fests"), reverse("admin:events_fest_changelist"))],
    )


def next_step(fest: Fest, rows: Sequence[EventRow], *, now: dt.datetime) -> NextStep | None:
    """Return the first step that is not done, without a query; `None` once registration has opened."""
    return next(_steps(fest, rows, now), None)


def _steps(fest: Fest, rows: Sequence[EventRow], now: dt.datetime) -> Iterator[NextStep]:
    on = [row for row in rows if row.state != State.CANCELLED]
    if not on:
        yield _no_events(fest)
    if empty := [row for row in on if not row.capacity and not row.taken]:
        yield _no_seats(empty)
    if on and all(row.state == State.DRAFT for row in on):
        yield _nothing_published(on)
    if now >= fest.opens_at:
        return
    if not settings.EMAIL_PROVIDER:
        yield _no_provider(fest)
    yield _not_open_yet(fest)


def _no_events(fest: Fest) -> NextStep:
    return NextStep(
        _("Add the events"),
        _(
            "Paste your timetable from a spreadsheet: name, day, time, venue, seats. You see first how it is read."
        ),
        _("Paste the timetable"),
        reverse("admin:events_fest_paste", args=[fest.pk]),
        others=[
            (_("Upload a file"), reverse("admin:timetable")),
            (_("Add one event"), reverse("admin:events_event_add")),
        ],
    )


def _no_seats(rows: Sequence[EventRow]) -> NextStep:
    words = ngettext(
        "%(count)d event has no seats, so no one can register for it.",
        "%(count)d events have no seats, so no one can register for them.",
        len(rows),
    )
    return NextStep(
        _("Give %(event)s its seats") % {"event": rows[0].name},
        words % {"count": len(rows)},
        _("Enter the seats"),
        f"{reverse('admin:events_event_change', args=[rows[0].pk])}#id_capacity",
        others=[(_("Edit all in a spreadsheet"), reverse("admin:timetable"))],
    )


def _nothing_published(drafts: Sequence[EventRow]) -> NextStep:
    label = ngettext("Publish %(count)d event", "Publish %(count)d events", len(drafts))
    return NextStep(
        _("Publish the events"),
        _("All events are drafts, which visitors do not see. You see the list before anything happens."),
        label % {"count": len(drafts)},
        act=PUBLISH,
        ids=[row.pk for row in drafts],
    )


def _no_provider(fest: Fest) -> NextStep:
    return NextStep(
        _("Set up the mail"),
        _("No mail provider is set: tickets are only on the confirmation page, and no mail is sent."),
        _("Open the checklist"),
        reverse("admin:events_fest_ready", args=[fest.pk]),
    )


def _not_open_yet(fest: Fest) -> NextStep:
    return NextStep(
        _("Registration opens on %(when)s") % {"when": moment(fest.opens_at)},
        _("Until then, go through the checklist, and look at the pages as students see them."),
        _("Open the checklist"),
        reverse("admin:events_fest_ready", args=[fest.pk]),
        others=[
            (_("See the public pages"), reverse("events:catalogue")),
            (_("Change the opening"), page_of(fest)),
        ],
    )
