"""Events pasted from a spreadsheet: every row read, all problems told, and nothing made before all are well."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from events.capacity import set_capacity
from events.models import Category, Event, Fest, Venue
from registrations.spreadsheets.reader import read_paste
from registrations.spreadsheets.sheet import Row
from registrations.students.names import clean_text, name_key
from registrations.timetable import cells
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now
from techfest.core.text import has_mark_run

COLUMNS = ("name", "category", "venue", "day", "start", "end", "capacity", "grades")
"""In this order where no row of titles says otherwise."""
TITLES = {
    "name": ("name", "event", "title", "event name"),
    "category": ("category", "kind", "type"),
    "venue": ("venue", "place", "hall", "room", "where"),
    "day": ("day", "date"),
    "start": ("start", "starts", "from", "begin", "start time"),
    "end": ("end", "ends", "to", "until", "end time"),
    "capacity": ("capacity", "seats", "places", "how many"),
    "grades": ("grades", "grade", "classes", "class", "who", "for"),
}
MAX_EVENTS = 300
LONGEST_CELL = 300
"""Characters that are read of a cell: more than any column takes, so that a longer one is refused as too long."""


@dataclass(frozen=True, slots=True)
class PastedEvent:
    """One row as it was read; with problems it is only shown."""

    row: int
    texts: Mapping[str, str]
    values: Mapping[str, Any]
    problems: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True)
class Paste:
    """All rows, and the categories and venues that would be made along."""

    events: Sequence[PastedEvent]
    new_categories: Sequence[str]
    new_venues: Sequence[str]

    @property
    def problems(self) -> int:
        return sum(bool(event.problems) for event in self.events)


def read_events(text: str, *, fest: Fest) -> Paste:
    """What the pasted rows would make. Raises `FileRefused` for what is no table. Nothing is written."""
    columns, rows = _columns(read_paste(text).rows)
    known = {name_key(name) for name in Event.objects.filter(fest=fest).values_list("name", flat=True)}
    events: list[PastedEvent] = []
    now = database_now()
    for row in rows[: MAX_EVENTS + 1]:
        event = _read(row, columns, fest, known, now)
        events.append(event)
        known.add(name_key(event.texts["name"]))
    if len(rows) > MAX_EVENTS:
        over = _("These are more than %(maximum)d events; paste them in parts.") % {"maximum": MAX_EVENTS}
        events[-1] = PastedEvent(events[-1].row, events[-1].texts, {}, (over,))
    return Paste(events, _new(events, "category", Category, fest), _new(events, "venue", Venue, fest))


@transaction.atomic
def make_events(text: str, *, fest: Fest, user: Any) -> Paste:
    """Makes all of them as drafts, with categories and venues that are new, or none if a row has a problem.

    A second press of the same button finds them there and makes nothing. Locks the fest.
    """
    Fest.objects.select_for_update(no_key=True).get(pk=fest.pk)
    paste = read_events(text, fest=fest)
    if paste.problems:
        return paste
    slugs = set(Event.objects.filter(fest=fest).values_list("slug", flat=True))
    for one in paste.events:
        values = dict(one.values)
        capacity = values.pop("capacity")
        values["category"] = _found(Category, fest, values["category"])
        values["venue"] = _found(Venue, fest, values["venue"])
        event = Event.objects.create(fest=fest, slug=_free_slug(values["name"], slugs), **values)
        set_capacity(event, capacity=capacity)
        record(event, what="pasted", now=database_now(), user=user, after={"capacity": capacity})
    return paste


def _columns(rows: Sequence[Row]) -> tuple[dict[str, int], Sequence[Row]]:
    """Where each column is; a first row that names at least three of them is the row of titles."""
    found: dict[str, int] = {}
    for at, cell in enumerate(rows[0].cells):
        title = name_key(cell[:LONGEST_CELL])
        for name, spellings in TITLES.items():
            if title in spellings and name not in found:
                found[name] = at
                break
    if len(found) >= 3:
        return found, rows[1:]
    return {name: at for at, name in enumerate(COLUMNS)}, rows


def _read(row: Row, columns: Mapping[str, int], fest: Fest, known: set[str], now: dt.datetime) -> PastedEvent:
    texts = {
        name: clean_text(row.cell(columns[name])[:LONGEST_CELL]) if name in columns else ""
        for name in COLUMNS
    }
    values, problems = cells.event_values(texts, fest=fest, now=now)
    if any(map(has_mark_run, texts.values())):
        problems.append(_("Remove the accents that are stacked on one letter."))
    if texts["name"] and name_key(texts["name"]) in known:
        problems.append(_("An event of this name is there already."))
    return PastedEvent(row.number, texts, values, tuple(problems))


def _new(events: Sequence[PastedEvent], name: str, model: Any, fest: Fest) -> list[str]:
    known = {name_key(one) for one in model.objects.filter(fest=fest).values_list("name", flat=True)}
    wanted = {name_key(one.texts[name]): one.texts[name] for one in events if one.texts[name]}
    return [text for key, text in wanted.items() if key not in known]


def _found(model: Any, fest: Fest, name: str) -> Any:
    for row in model.objects.filter(fest=fest):
        if name_key(row.name) == name_key(name):
            return row
    if model is Category:
        taken = set(Category.objects.filter(fest=fest).values_list("slug", flat=True))
        position = Category.objects.filter(fest=fest).count()
        return Category.objects.create(fest=fest, name=name, slug=_free_slug(name, taken), position=position)
    return model.objects.create(fest=fest, name=name)


def _free_slug(name: str, taken: set[str]) -> str:
    stem = slugify(name, allow_unicode=False)[:40] or "event"
    slug, number = stem, 1
    while slug in taken:
        number += 1
        slug = f"{stem}-{number}"
    taken.add(slug)
    return slug
