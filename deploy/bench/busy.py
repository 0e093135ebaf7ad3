"""Do PDFs slow the clicks down? The same even stream of submissions while PDFs are made and while none are.

``python -m deploy.bench.busy`` writes results/busy.json. For the idle rounds the worker and its process of PDFs are
stopped; the tickets that pile up meanwhile keep it busy through the whole of the next round.
"""

import argparse
import os
import signal
import sys
import time
from typing import Any

from deploy.bench import fest
from deploy.bench.accounting import tree
from deploy.bench.ending import end, take_curves
from deploy.bench.figures import median_of, ratio
from deploy.bench.goals import Goal
from deploy.bench.machine import describe
from deploy.bench.rush import CACHE_SECONDS
from deploy.bench.stack import Stack, running_stack

P99 = ("redirect_seconds", "p99")


def one_round(stack: Stack, *, rate: float, seconds: int, slug: str, tag: str, idle: bool) -> dict[str, Any]:
    """An even stream of submissions, with the worker and its PDFs stopped (idle) or at work."""
    for pid in tree(stack.parts["worker"]):
        os.kill(pid, signal.SIGSTOP if idle else signal.SIGCONT)
    time.sleep(1)
    posts = str(int(rate * seconds))
    return stack.load(
        "techfest", "paced", "--rate", str(rate), "--clients", posts, "--events", slug, "--tag", tag
    )


def main() -> int:
    """Run the rounds and write the results."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bench.busy", description=__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--rate", type=float, default=30.0, help="submissions a second")
    parser.add_argument("--seconds", type=int, default=20)
    given = parser.parse_args()
    machine = describe()
    found: dict[str, list[dict[str, Any]]] = {"idle": [], "busy": []}
    with running_stack() as stack:
        machine["postgresql"] = stack.postgresql()
        fest.set_up(stack)
        slug = fest.open_events(1, capacity=1_000_000, prefix="busy")[0]
        time.sleep(CACHE_SECONDS)
        stack.load("techfest", "steady", "--clients", "800", "--events", slug, "--own-keys")
        for number in range(given.rounds):
            for name in ("idle", "busy"):
                tag = f"{name}{number}"
                one = one_round(
                    stack, rate=given.rate, seconds=given.seconds, slug=slug, tag=tag, idle=name == "idle"
                )
                found[name].append(one)
                print(name, one["redirect_seconds"], one["cpu_seconds"]["worker"], flush=True)
        audit = stack.audit()
    quoted: dict[str, Any] = {
        f"{name}_{at}": median_of(rounds, "redirect_seconds", at)
        for name, rounds in found.items()
        for at in ("p50", "p95", "p99")
    }
    pairs = zip(found["busy"], found["idle"], strict=True)
    ratios = [ratio(median_of([busy], *P99), median_of([idle], *P99)) for busy, idle in pairs]
    quoted["p99_busy_against_idle"] = median_of([{"ratio": one} for one in ratios], "ratio")
    goals = [Goal("p99 while PDFs are made against none", quoted["p99_busy_against_idle"], 1.2)]
    each = {name: [take_curves(one, name) for one in rounds][-1] for name, rounds in found.items()}
    content = {"machine": machine, "medians": quoted, "audit": audit, "rounds": found}
    return end("busy", content, goals, each["idle"] | each["busy"])


if __name__ == "__main__":
    sys.exit(main())
