"""The long rush: 10,000 registrations over 40 events in five minutes, and when the last mail was handed over.

``python -m deploy.bench.wave`` writes results/wave.json.
"""

import argparse
import sys
import time

from deploy.bench import fest
from deploy.bench.figures import write
from deploy.bench.machine import describe
from deploy.bench.rush import CLICK, SNAPSHOT_SECONDS
from deploy.bench.stack import running_stack

EVENTS = 40


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
        time.sleep(SNAPSHOT_SECONDS)
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
            "database": fest.counts(slugs),
            "memory_mib": stack.memory(),
            "audit": stack.audit(),
        }
    print(report["redirect_seconds"], report["errors"], mails)
    print(write("wave", content))
    return 0 if content["audit"]["clean"] else 1


if __name__ == "__main__":
    sys.exit(main())
