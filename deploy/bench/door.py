"""Twenty doors scan five thousand tickets, each at two doors in the same moment: who is let in, and how fast.

``python -m deploy.bench.door`` writes results/door.json. Two doors share a ticket and send it together; all pairs go on
without a pause, which no queue of people does; then further tickets with half a second between two scans of a door.
Seconds are those that the doors waited, nginx and queueing included.
"""

import argparse
import datetime as dt
import json
import sys
import threading
import time
import uuid
from collections import Counter
from typing import Any

from deploy.bench import crowd, fest
from deploy.bench.ending import end
from deploy.bench.figures import spread
from deploy.bench.goals import Goal
from deploy.bench.machine import describe
from deploy.bench.signedin import SignedIn, sign_in
from deploy.bench.stack import Stack, running_stack

DOORS, TICKETS, EVENTS, PACED, PAUSE = 20, 5_000, 10, 600, 0.5


def open_doors(stack: Stack, doors: int) -> list[tuple[str, SignedIn]]:
    """So many gates, a volunteer at each; the fest is today and its events begin in a quarter of an hour."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group
    from django.utils import timezone

    from events.models import Event, Fest
    from techfest.core.roles import VOLUNTEER
    from tickets.models import Gate

    start = timezone.now() + dt.timedelta(minutes=15)
    bench = Fest.objects.get(slug="bench")
    today = timezone.localtime(start, bench.zone).date()
    Fest.objects.update(starts_on=today, ends_on=today)
    Event.objects.update(starts_at=start, ends_at=start + dt.timedelta(hours=2))
    group, _made = Group.objects.get_or_create(name=VOLUNTEER)
    found = []
    for number in range(doors):
        user = get_user_model().objects.create(username=f"door{number}", first_name=f"Door {number}")
        user.groups.add(group)
        gate = Gate.objects.create(fest=bench, name=f"Gate {number}")
        gate.volunteers.add(user)
        browser = sign_in(stack, user)
        browser.accept = "application/json"
        found.append((f"/door/gate/{gate.pk}/scan", browser))
    return found


class Pair:
    """Two doors that scan the same codes, each code in the same moment."""

    def __init__(self, doors: list[tuple[str, SignedIn]], codes: list[str], pause: float) -> None:
        self.doors, self.codes, self.pause = doors, codes, pause
        self.together = threading.Barrier(len(doors))
        self.seconds: list[float] = []
        self.moments: list[float] = []
        self.verdicts: Counter[str] = Counter()

    def scan(self, path: str, browser: SignedIn) -> None:
        for code in self.codes:
            time.sleep(self.pause)
            self.together.wait(timeout=60)
            status, _to, seconds = browser.ask(path, {"code": code, "key": str(uuid.uuid4())})
            word = json.loads(browser.body)["verdict"] if status == 200 else str(status)
            self.seconds.append(seconds)
            self.moments.append(time.monotonic())
            self.verdicts[word] += 1


def scan_all(
    stack: Stack, doors: list[tuple[str, SignedIn]], codes: list[str], *, pause: float = 0
) -> dict[str, Any]:
    """Everything is scanned twice; the verdicts, and how long the doors waited."""
    pairs = [Pair(doors[n : n + 2], codes[n // 2 :: len(doors) // 2], pause) for n in range(0, len(doors), 2)]
    threads = [
        threading.Thread(target=pair.scan, args=door, daemon=True) for pair in pairs for door in pair.doors
    ]
    before, began = stack.cpu(), time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=600)
    lasted = time.monotonic() - began
    verdicts: Counter[str] = sum((pair.verdicts for pair in pairs), Counter())
    return {
        "verdicts": dict(verdicts),
        "scan_seconds": spread(second for pair in pairs for second in pair.seconds),
        "moments": [round(moment - began, 3) for pair in pairs for moment in pair.moments],
        "scans_per_second": round(verdicts.total() / lasted, 1),
        "cpu_seconds": stack.spent_since(before),
    }


def main() -> int:
    """One round: the tickets are used up by it."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bench.door", description=__doc__)
    parser.add_argument("--tickets", type=int, default=TICKETS)
    parser.add_argument("--doors", type=int, default=DOORS, help="an even number")
    given = parser.parse_args()
    machine = describe()
    with running_stack() as stack:
        machine["postgresql"] = stack.postgresql()
        fest.set_up(stack)
        slugs = fest.open_events(EVENTS, capacity=given.tickets + PACED, prefix="door")
        crowd.register(slugs, given.tickets + PACED, tag="door")
        doors = open_doors(stack, given.doors)
        from tickets.models import CheckIn, Ticket

        codes = list(Ticket.objects.live().order_by("pk").values_list("code", flat=True))
        found = scan_all(stack, doors, codes[: given.tickets])
        found["check_ins"] = CheckIn.objects.count()
        paced = scan_all(stack, doors, codes[given.tickets :], pause=PAUSE)
        audit = stack.audit()
    is_exact = found["verdicts"].get("in") == found["check_ins"] == given.tickets
    goals = [
        Goal("doors flat out: p95 of a scan", found["scan_seconds"]["p95"], 0.12, "s"),
        Goal("half a second between two scans: p95", paced["scan_seconds"]["p95"], 0.12, "s"),
        Goal("let in", found["check_ins"], given.tickets, at_least=True),
        Goal("let in twice", found["verdicts"].get("in", 0) - given.tickets, 0),
    ]
    content = {"exact": is_exact, "audit": audit, "without_a_pause": found, "with_half_a_second": paced}
    curves = {"flat out": found.pop("moments"), "with a pause": paced.pop("moments")}
    code = end("door", {"machine": machine, **content}, goals, curves)
    return code or int(not is_exact)


if __name__ == "__main__":
    sys.exit(main())
