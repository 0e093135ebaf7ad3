"""The long rush: 10,000 registrations over 40 events in five minutes, and when the last mail was handed over.

``python -m deploy.bench.wave`` writes results/wave.json and ends with 1 where a goal was missed.
"""

import argparse
import sys
import time
from typing import Any

from deploy.bench import fest
from deploy.bench.ending import end, take_curves
from deploy.bench.goals import Goal
from deploy.bench.machine import describe
from deploy.bench.rush import CACHE_SECONDS, CLICK
from deploy.bench.stack import running_stack

EVENTS = 40
P95_SECONDS, P99_SECONDS, LAST_MAIL_SECONDS = 0.1, 0.3, 300.0
"""The goals: of a hundred clicks 95 and 99 are answered so soon, and each mail is handed over so soon."""


def main() -> int:
    """Run once and write the results."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bench.wave", description=__doc__)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seats", type=int, default=50, help="of each event")
    parser.add_argument("--delay", type=float, default=2.0)
    given = parser.parse_args()
    machine = describe()
    rate = given.clients / given.minutes / 60
    with running_stack(delay=given.delay) as stack:
        machine["postgresql"] = stack.postgresql()
        fest.set_up(stack)
        slugs = fest.open_events(EVENTS, capacity=given.seats, prefix="wave")
        time.sleep(CACHE_SECONDS)
        before = stack.cpu()
        arguments = ["--clients", str(given.clients), "--rate", str(rate), "--events", ",".join(slugs)]
        limit = str(given.minutes * 60 + 60)
        report = stack.load("techfest", "paced", *arguments, "--own-keys", "--seconds", limit)
        click = sum(report["cpu_seconds"][part] for part in CLICK)
        mails = fest.wait_for_mails(seconds=900)
        content = {
            "machine": machine,
            "report": report,
            "cpu_ms_per_click": round(1000 * click / given.clients, 2),
            "cpu_seconds_until_last_mail": stack.spent_since(before),
            "mails_after_last_click": mails | {"accepted": len(stack.stub.accepted())},
            "mail_seconds": fest.mail_seconds(),
            "restarts": stack.restarts(),
            "database": fest.counts(slugs),
            "memory_mib": stack.memory(),
            "audit": stack.audit(),
        }
    reached = goals(content)
    code = end("wave", content, reached, take_curves(report, "clicks"))
    return code or int(not all(goal.is_reached() for goal in reached))


def goals(content: dict[str, Any]) -> list[Goal]:
    """How soon clicks are answered and mails handed over; nothing is lost and no process ends."""
    report, mails = content["report"], content["mails_after_last_click"]
    return [
        Goal("95 % of the clicks answered", report["redirect_seconds"].get("p95"), P95_SECONDS, "s"),
        Goal("99 % of the clicks answered", report["redirect_seconds"].get("p99"), P99_SECONDS, "s"),
        Goal("errors", sum(report["errors"].values()), 0),
        Goal("last mail after its click", content["mail_seconds"].get("last"), LAST_MAIL_SECONDS, "s"),
        Goal("mails that were not sent", mails["left"], 0),
        Goal("processes that ended", sum(content["restarts"].values()), 0),
    ]


if __name__ == "__main__":
    sys.exit(main())
