"""What migrations make of rows that are there already: each is taken back and applied to rows of before."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from events.models import Event
from registrations.tests.builders import build_event, build_fest

pytestmark = [pytest.mark.django_db, pytest.mark.migrations]

HOUR = dt.timedelta(hours=1)


class Migrated:
    """Takes one migration back on entry and applies it on exit; the database is otherwise of today."""

    def __init__(self, app: str, name: str) -> None:
        loader = MigrationLoader(connection)
        self.migration = loader.graph.nodes[app, name]
        self.before = loader.project_state((app, name), at_end=False)

    def __enter__(self) -> None:
        self._at_once()
        with connection.schema_editor(atomic=False) as editor:
            self.migration.unapply(self.before, editor)

    def __exit__(self, *_: object) -> None:
        self._at_once()
        with connection.schema_editor(atomic=False) as editor:
            self.migration.apply(self.before, editor)

    def _at_once(self) -> None:
        """Checks of rows that wait for the end of the transaction would forbid to alter their table."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_event_keeps_its_closing_unless_it_closes_after_its_end() -> None:
    """Where it has none it closes at its start, and follows the start when that is moved later."""
    fest = build_fest()
    starts = fest.closes_at - HOUR
    times: dict[str, Any] = {"starts_at": starts, "ends_at": starts + 8 * HOUR}
    with Migrated("events", "0005_registration_ends_with_the_event"):
        usual = build_event(fest, **times)
        after_its_end = build_event(fest, **times, closes_at=starts + 9 * HOUR)
        before_its_end = build_event(fest, **times, closes_at=starts + 7 * HOUR)
        starts_later = build_event(fest, starts_at=starts + 2 * HOUR, ends_at=starts + 8 * HOUR)
        events = [usual, after_its_end, before_its_end, starts_later]
        Event.objects.update(hours_changed_at=None)
    found = [Event.objects.get(pk=event.pk) for event in events]
    assert [event.closes_at for event in found] == [None, starts + 8 * HOUR, starts + 7 * HOUR, None]
    assert found[0].registration_closes_at == starts
    assert [event.hours_changed_at is not None for event in found] == [True, True, False, False]
