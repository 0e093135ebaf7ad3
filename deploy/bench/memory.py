"""Does a process grow? Web workers over 50,000 requests, the worker over 5,000 mails, its process of PDFs over 1,000.

``python -m deploy.bench.memory`` writes results/memory.json. Each process is measured at ten moments; it has grown by
what the last one is above the second, before which it warms up. Web workers are not recycled meanwhile.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator

from deploy.bench import fest
from deploy.bench.accounting import memory_mib, own_memory_mib, tree
from deploy.bench.ending import end
from deploy.bench.goals import Goal
from deploy.bench.machine import describe
from deploy.bench.rush import CACHE_SECONDS
from deploy.bench.stack import Stack, running_stack

MOMENTS, WARM = 10, 1
GROWTH = 5.0
"""MiB that a process may have more in the end; the kernel counts pages that are shared by those who share them."""
VARIABLES = {"GUNICORN_CMD_ARGS": "--max-requests 0", "EMAIL_RATE_PER_SECOND": "1000"}
EMPTY = 1_000_000
PATIENCE = 1_800


def web(stack: Stack, *, requests: int) -> list[float]:
    """MiB of Gunicorn and its workers; each visitor makes two requests, a submission and its page.

    The worker must be stopped, or it would mail and make PDFs for all of them.
    """
    slugs = fest.open_events(10, capacity=EMPTY, prefix="memory")
    time.sleep(CACHE_SECONDS)
    found = []
    for number in range(MOMENTS):
        visitors = str(requests // MOMENTS // 2)
        arguments = ["--clients", visitors, "--events", ",".join(slugs), "--own-keys", "--tag", f"w{number}"]
        stack.load("techfest", "steady", *arguments, "--seconds", str(PATIENCE))
        found.append(round(memory_mib(stack.parts["web"]), 1))
        print("web", (number + 1) * requests // MOMENTS, found[-1], flush=True)
    return found


def pdfs(stack: Stack, *, many: int) -> list[float]:
    """MiB of the process that makes PDFs."""
    from tickets.models import Ticket

    _submit(stack, many, capacity=EMPTY, tag="pdfs")
    rendered = Ticket.objects.filter(rendered_at__isnull=False)
    return list(_at_moments("PDFs", many, rendered.count, lambda: _child_mib(stack)))


def mails(stack: Stack, *, many: int) -> list[float]:
    """MiB of the worker without its process of PDFs."""
    from tickets.models import Delivery

    _submit(stack, many, capacity=0, tag="mails")
    sent = Delivery.objects.filter(state="sent", student__registrations__state="waiting")
    return list(_at_moments("mails", many, sent.count, lambda: own_memory_mib(stack.parts["worker"])))


def _submit(stack: Stack, many: int, *, capacity: int, tag: str) -> None:
    fest.close_events()
    slug = fest.open_events(1, capacity=capacity, prefix=tag)[0]
    time.sleep(CACHE_SECONDS)
    arguments = ["--clients", str(many), "--events", slug, "--own-keys", "--post-only", "--tag", tag]
    stack.load("techfest", "steady", *arguments, "--seconds", str(PATIENCE))


def _at_moments(
    what: str, many: int, count: Callable[[], int], measure: Callable[[], float]
) -> Iterator[float]:
    """The memory each time another tenth is done."""
    deadline = time.monotonic() + PATIENCE
    for number in range(1, MOMENTS + 1):
        while count() < many * number // MOMENTS and time.monotonic() < deadline:
            time.sleep(0.2)
        found = round(measure(), 1)
        print(what, many * number // MOMENTS, found, flush=True)
        yield found


def _child_mib(stack: Stack) -> float:
    return sum(own_memory_mib(pid) for pid in tree(stack.parts["worker"])[1:])


def growth(found: list[float]) -> float:
    """MiB since warm-up."""
    return round(found[-1] - found[WARM], 1)


def main() -> int:
    """Run once and write the results."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bench.memory", description=__doc__)
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--mails", type=int, default=5_000)
    parser.add_argument("--pdfs", type=int, default=1_000)
    given = parser.parse_args()
    machine = describe()
    os.environ.update(VARIABLES)
    found: dict[str, list[float]] = {}
    with running_stack() as stack:
        machine["postgresql"] = stack.postgresql()
        fest.set_up(stack)
        found[f"process of PDFs over {given.pdfs} PDFs"] = pdfs(stack, many=given.pdfs)
        found[f"worker over {given.mails} mails"] = mails(stack, many=given.mails)
        for pid in tree(stack.parts["worker"]):
            os.kill(pid, signal.SIGSTOP)
        found[f"web over {given.requests} requests"] = web(stack, requests=given.requests)
        for pid in tree(stack.parts["worker"]):
            os.kill(pid, signal.SIGCONT)
    goals = [
        Goal(f"{name}: growth since warm-up", growth(each), GROWTH, "MiB") for name, each in found.items()
    ]
    return end("memory", {"machine": machine, "mib": found}, goals)


if __name__ == "__main__":
    sys.exit(main())
