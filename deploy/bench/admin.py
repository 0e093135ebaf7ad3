"""The admin with 10,000 registrations and 200 events: its first page and the list of registrations.

``python -m deploy.bench.admin`` writes results/admin.json. Each page is asked for in turn, one request at a time;
the number of its queries is counted in this process, with few rows and with all of them.
"""

import argparse
import sys
from typing import Any

from deploy.bench import crowd, fest
from deploy.bench.ending import end
from deploy.bench.figures import spread
from deploy.bench.goals import Goal
from deploy.bench.machine import describe
from deploy.bench.signedin import SignedIn, sign_in
from deploy.bench.stack import running_stack

EVENTS, REGISTRATIONS, SMALL_COUNT, TURNS = 200, 10_000, 200, 30
LIST = "/admin/registrations/registration/"


def owner() -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.create_superuser("bench-owner")


def paths() -> dict[str, str]:
    """The pages by name."""
    from events.models import Event

    event = Event.objects.order_by("pk")[0].pk
    return {
        "dashboard": "/admin/",
        "list": LIST,
        "list_of_event": f"{LIST}?event__id__exact={event}",
        "search": f"{LIST}?q=Pupil+admin+77",
        "last_page": f"{LIST}?p=150",
        "events": "/admin/events/event/",
        "students": "/admin/registrations/student/",
    }


def queries(user: Any, wanted: dict[str, str]) -> dict[str, int]:
    """How often each page asks the database."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    browser = Client(SERVER_NAME="127.0.0.1")
    browser.force_login(user)
    counted = {}
    for name, path in wanted.items():
        browser.get(path)
        with CaptureQueriesContext(connection) as captured:
            status = browser.get(path).status_code
        counted[name] = len(captured) if status == 200 else -status
    return counted


def timed(browser: SignedIn, wanted: dict[str, str]) -> dict[str, Any]:
    """Seconds of each page, the pages taking turns."""
    seconds: dict[str, list[float]] = {name: [] for name in wanted}
    for _ in range(TURNS):
        for name, path in wanted.items():
            status, to, lasted = browser.ask(path)
            if status != 200:
                raise ValueError(f"{path} answered {status} {to}")
            seconds[name].append(lasted)
    return {name: spread(values) for name, values in seconds.items()}


def main() -> int:
    """Measure once, with everything there."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bench.admin", description=__doc__)
    parser.add_argument("--registrations", type=int, default=REGISTRATIONS)
    given = parser.parse_args()
    machine = describe()
    with running_stack() as stack:
        machine["postgresql"] = stack.postgresql()
        fest.set_up(stack)
        slugs = fest.open_events(EVENTS, capacity=given.registrations, prefix="admin")
        user = owner()
        crowd.register(slugs, SMALL_COUNT, tag="few")
        wanted = paths()
        few = queries(user, {name: path for name, path in wanted.items() if name != "last_page"})
        crowd.register(slugs, given.registrations - SMALL_COUNT, tag="admin")
        many = queries(user, wanted)
        found = timed(sign_in(stack, user), wanted)
        audit = stack.audit()
    goals = [Goal(f"{name}: p95", seconds["p95"], 0.2, "s") for name, seconds in found.items()]
    goals += [
        Goal(f"{name}: queries beyond those with few rows", many[name] - few[name], 0)
        for name in ("dashboard", "list")
    ]
    content = {"page_seconds": found, "queries_with_few": few, "queries_with_all": many}
    return end("admin", {"machine": machine, "audit": audit, **content}, goals)


if __name__ == "__main__":
    sys.exit(main())
