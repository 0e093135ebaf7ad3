"""The plain statements of the bench `reserve` are those of the product's tables, as they are today."""

import re
from typing import Any

import pytest
from django.db import connection

from deploy.bench.pgbench import SCRIPT
from registrations.models import ConsentText, Registration, School, Submission
from registrations.tests.builders import build_event, build_fest, build_submission
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db


def test_script_of_the_bench_books_one_seat_with_ticket_and_mail() -> None:
    fest = build_fest()
    event = build_event(fest)
    build_submission(event)
    variables = {
        "client_id": 1,
        "base": 7,
        "event": event.pk,
        "fest": fest.pk,
        "school": School.objects.get().pk,
        "text": ConsentText.objects.filter(fest=fest).values_list("pk", flat=True)[0],
    }
    run_script(variables)
    assert (Submission.objects.count(), Registration.objects.filter(event=event).count()) == (2, 2)
    assert (Ticket.objects.count(), Delivery.objects.count()) == (2, 2)
    assert Submission.objects.latest("pk").origin == Submission.Origin.FORM


def run_script(variables: dict[str, Any]) -> None:
    """What pgbench does with one transaction of the file: sets variables, and keeps those of `\\gset`."""
    with connection.cursor() as cursor:
        for line in SCRIPT.read_text().splitlines():
            if line.startswith(("--", "\\set", "BEGIN", "COMMIT")):
                continue
            statement, keeps, _rest = line.partition(" \\gset")
            for name, value in variables.items():
                statement = re.sub(rf"(?<!:):{name}\b", str(value), statement)
            cursor.execute(statement)
            if keeps:
                columns = [column.name for column in cursor.description or ()]
                variables = variables | dict(zip(columns, cursor.fetchone() or (), strict=True))
