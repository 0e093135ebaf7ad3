"""Ten thousand clicks within a second: everybody is answered, in the order of arrival, and the staff do not wait.

``python -m deploy.bench.queue`` writes results/queue.json and results/queue.svg. Meanwhile a door scans tickets, an
organiser looks at the admin and a monitor asks for the health.
"""

import argparse
import itertools
import sys
import time
from typing import Any

from deploy.bench import crowd, fest
from deploy.bench.admin import LIST, owner
from deploy.bench.door import open_doors
from deploy.bench.ending import end, take_curves
from deploy.bench.goals import Goal
from deploy.bench.lanes import Lane, asking, page, readiness, scanner
from deploy.bench.machine import describe
from deploy.bench.rush import CACHE_SECONDS, SEATS
from deploy.bench.signedin import SignedIn, sign_in
from deploy.bench.stack import Stack, running_stack
from deploy.launcher.benching import raise_open_files

CLIENTS, TICKETS = 10_000, 1_000
SOURCES = 20
"""Addresses of the visitors: one may have a third of the queue."""
OPEN_FILES = 13_000


def lanes_of(stack: Stack) -> list[Lane]:
    """A door with tickets to scan, an organiser and a monitor."""
    from tickets.models import Ticket

    crowd.register(fest.open_events(1, capacity=TICKETS, prefix="at-the-door"), TICKETS, tag="door")
    ((path, door),) = open_doors(stack, 1)
    codes = itertools.cycle(list(Ticket.objects.live().order_by("pk").values_list("code", flat=True)))
    organiser, monitor = sign_in(stack, owner()), SignedIn(stack, "")
    return [
        Lane("door", scanner(door, path, codes)),
        Lane("admin, first page", page(organiser, "/admin/")),
        Lane("admin, registrations", page(organiser, LIST)),
        Lane("health, live", page(monitor, "/health/live")),
        Lane("health, ready", readiness(monitor)),
    ]


def goals(content: dict[str, Any]) -> list[Goal]:
    """What is promised of the queue."""
    report, database = content["report"], content["database"]
    staff = [
        Goal(f"{name}: slowest answer", lane["seconds"].get("last"), 1.0, "s")
        for name, lane in content["lanes"].items()
    ]
    wrong = sum(
        many for lane in content["lanes"].values() for s, many in lane["statuses"].items() if s != 200
    )
    return [
        Goal("errors of any kind", sum(report["errors"].values()), 0),
        Goal("last redirect", report["redirect_seconds"].get("last"), 45, "s"),
        Goal("last confirmation page", report["answer_page_seconds"].get("last"), 45, "s"),
        Goal("out of turn, 95 % of the visitors", _percent(report["out_of_order"].get("p95")), 5, "%"),
        *staff,
        Goal("errors of door, admin and health", wrong, 0),
        Goal("seats oversold", database["oversold"], 0),
        Goal("registrations", database["confirmed"] + database["waiting"], content["clients"], at_least=True),
    ]


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)


def main() -> int:
    """Run once and write the results."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bench.queue", description=__doc__)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--within", type=float, default=1.0, help="seconds in which all of them click")
    parser.add_argument("--delay", type=float, default=2.0, help="of the mail provider")
    parser.add_argument("--no-workers", action="store_true", help="no PDFs and mails meanwhile")
    given = parser.parse_args()
    raise_open_files(OPEN_FILES)
    machine = describe()
    with running_stack(delay=given.delay, workers=not given.no_workers) as stack:
        machine["postgresql"] = stack.postgresql()
        fest.set_up(stack)
        lanes = lanes_of(stack)
        fest.close_events()
        slugs = fest.open_events(1, capacity=SEATS, prefix="queue")
        time.sleep(CACHE_SECONDS)
        stack.load("techfest", "steady", "--clients", "40", "--events", "none", "--own-keys")
        arguments = ["--clients", str(given.clients), "--rate", str(given.clients / given.within)]
        arguments += ["--sources", str(SOURCES)]
        with asking(lanes):
            report = stack.load(
                "techfest", "paced", *arguments, "--events", slugs[0], "--own-keys", "--seconds", "180"
            )
        content = {
            "clients": given.clients,
            "report": report,
            "lanes": {lane.name: lane.report() for lane in lanes},
            "database": fest.counts(slugs),
            "memory_mib": stack.memory(),
            "restarts": stack.restarts(),
            "audit": stack.audit(),
        }
    curves = take_curves(report, f"{given.clients} clicks within a second")
    return end("queue", {"machine": machine, **content}, goals(content), curves)


if __name__ == "__main__":
    sys.exit(main())
