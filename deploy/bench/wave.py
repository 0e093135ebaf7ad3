"""The long rush: 10,000 registrations over 40 events in five minutes, and when the last mail was handed over.

``python -m deploy.bench.wave`` writes results/wave.json and ends with 1 where a goal was missed.
"""

import argparse
import math
import sys
import time
from typing import Any

from deploy.bench import fest
from deploy.bench.figures import write
from deploy.bench.machine import describe
from deploy.bench.rush import CACHE_SECONDS, CLICK
from deploy.bench.stack import running_stack

EVENTS = 40
P95_SECONDS, P99_SECONDS, LAST_MAIL_SECONDS = 1.0, 3.0, 900.0
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
    missed = missed_goals(content)
    print(report["redirect_seconds"], report["errors"], content["mail_seconds"], *missed, sep="\n")
    print(write("wave", content | {"missed_goals": missed}))
    return 1 if missed else 0


def missed_goals(content: dict[str, Any]) -> list[str]:
    """A sentence for each goal that this run did not reach."""
    clicks, mails = content["report"]["redirect_seconds"], content["mails_after_last_click"]
    goals = {
        f"95 % of the clicks are answered within {P95_SECONDS} s": clicks["p95"] < P95_SECONDS,
        f"99 % of the clicks are answered within {P99_SECONDS} s": clicks["p99"] < P99_SECONDS,
        "every click is answered": not content["report"]["errors"],
        f"every mail is sent within {LAST_MAIL_SECONDS} s": not mails["left"]
        and content["mail_seconds"].get("last", math.inf) <= LAST_MAIL_SECONDS,
        "no process ends": not content["restarts"],
        "the audit is clean": content["audit"]["clean"],
    }
    return [f"Missed: {goal}." for goal, is_reached in goals.items() if not is_reached]


if __name__ == "__main__":
    sys.exit(main())
