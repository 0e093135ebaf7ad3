"""Registrations per second: one event against 50, against a bare Django floor, and against PostgreSQL alone.

``python -m deploy.bench.reserve`` writes results/reserve.json. All in one run and interleaved: submissions (POST
only) and whole visits (POST and confirmation page) over HTTP, 16 visitors at a time; after the audit pgbench with the
same statements as the product's transaction. No worker makes PDFs or sends mails meanwhile.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

from deploy.bench import fest
from deploy.bench.ending import end, take_curves
from deploy.bench.figures import median_of, ratio
from deploy.bench.goals import Goal
from deploy.bench.machine import describe
from deploy.bench.pgbench import transactions_per_second
from deploy.bench.rush import CACHE_SECONDS
from deploy.bench.stack import Stack, running_stack

SPREAD = 50
SEATS = 1_000_000


def one_round(stack: Stack, *, posts: int, at_once: int, slugs: Sequence[str], tag: str) -> dict[str, Any]:
    """Each kind once, the same number of submissions for all."""
    hot, spread = slugs[0], ",".join(slugs[1:])
    kinds = {
        "hot": ("techfest", hot, True),
        "floor": ("floor", "any", True),
        "spread": ("techfest", spread, True),
        "hot visit": ("techfest", hot, False),
        "floor visit": ("floor", "any", False),
    }
    found = {}
    for name, (site, events, post_only) in kinds.items():
        arguments = ["--clients", str(posts), "--at-once", str(at_once), "--events", events]
        arguments += ["--own-keys", "--tag", f"{tag}{name.replace(' ', '')}"]
        report = stack.load(site, "steady", *arguments, *(["--post-only"] if post_only else []))
        found[name] = report
        print(name, report["per_second"], report["errors"], flush=True)
    return found


def medians(rounds: list[dict[str, Any]], pgbench: dict[str, list[float]]) -> dict[str, Any]:
    """What may be quoted; ratios are taken inside each round."""

    def shares(one: str, other: str) -> float | None:
        each = [{"share": ratio(a[one]["per_second"], a[other]["per_second"])} for a in rounds]
        return median_of(each, "share")

    quoted: dict[str, Any] = {
        f"{name}_per_second": median_of(rounds, name, "per_second") for name in rounds[0]
    }
    quoted["hot_against_floor"] = shares("hot", "floor")
    each = [{"share": ratio(_cpu(one["floor"]), _cpu(one["hot"]))} for one in rounds]
    quoted["hot_against_floor_by_cpu"] = median_of(each, "share")
    quoted["hot_against_spread"] = shares("hot", "spread")
    quoted["hot_visit_against_floor_visit"] = shares("hot visit", "floor visit")
    quoted["errors"] = sum(sum(one["errors"].values()) for each in rounds for one in each.values())
    for name, values in pgbench.items():
        quoted[f"pgbench_{name}_per_second"] = round(statistics.median(values), 1)
        quoted[f"http_share_of_pgbench_{name}"] = round(
            quoted[f"{name}_per_second"] / statistics.median(values), 3
        )
    return quoted


def _cpu(report: dict[str, Any]) -> float:
    """Processor seconds of everything that answered, the client included."""
    return float(sum(report["cpu_seconds"].values()) + report["client_cpu_seconds"])


def goals(quoted: dict[str, Any]) -> list[Goal]:
    """By the clock and, for the processor, by the CPU time that one submission took."""
    return [
        Goal(
            "submissions to one event against a bare Django", quoted["hot_against_floor"], 0.75, at_least=True
        ),
        Goal("the same by CPU time", quoted["hot_against_floor_by_cpu"], 0.75, at_least=True),
        Goal(
            "submission and page against a bare Django",
            quoted["hot_visit_against_floor_visit"],
            1.0,
            at_least=True,
        ),
        Goal("one event against 50", quoted["hot_against_spread"], 0.9, at_least=True),
        Goal("errors", quoted["errors"], 0),
    ]


def main() -> int:
    """Run the rounds and write the results."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bench.reserve", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--posts", type=int, default=1500)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--pgbench-seconds", type=int, default=8)
    parser.add_argument("--pgbench-clients", type=int, default=8)
    given = parser.parse_args()
    machine = describe()
    rounds: list[dict[str, Any]] = []
    pgbench: dict[str, list[float]] = {"hot": [], "spread": []}
    with running_stack(peers=("floor",), workers=False) as stack:
        machine["postgresql"] = stack.postgresql()
        fest.set_up(stack)
        slugs = fest.open_events(SPREAD + 1, capacity=SEATS, prefix="reserve")
        time.sleep(CACHE_SECONDS)
        for site in ("techfest", "floor"):
            stack.load(site, "steady", "--clients", "400", "--events", slugs[0], "--own-keys")
        for number in range(given.rounds):
            tag = f"r{number}"
            rounds.append(one_round(stack, posts=given.posts, at_once=given.at_once, slugs=slugs, tag=tag))
        # What pgbench leaves behind is not audited: it skips what the product checks.
        audit = stack.audit()
        for _ in range(given.rounds):
            for name, events in (("hot", slugs[:1]), ("spread", slugs[1:])):
                seconds, clients = given.pgbench_seconds, given.pgbench_clients
                pgbench[name].append(transactions_per_second(stack, events, seconds=seconds, clients=clients))
                print("pgbench", name, pgbench[name][-1], flush=True)
    quoted = medians(rounds, pgbench)
    curves = [take_curves(report, name) for one in rounds for name, report in one.items()][-len(rounds[-1]) :]
    content = {
        "machine": machine,
        "medians": quoted,
        "audit": audit,
        "rounds": rounds,
        "pgbench_rounds": pgbench,
    }
    return end(
        "reserve", content, goals(quoted), {name: line for one in curves for name, line in one.items()}
    )


if __name__ == "__main__":
    sys.exit(main())
