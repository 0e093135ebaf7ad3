"""The product against the endpoint that everybody writes first: 500 clicks on 100 seats, provider 2 s slow.

``python -m deploy.bench.naive`` writes results/naive.json. Both stand behind the same nginx and under the same
Gunicorn; for the naive endpoint the time limits of both are lifted, so that its last answer can be seen.
"""

import argparse
import sys
import time
from typing import Any

import psycopg

from deploy.bench import fest
from deploy.bench.ending import end, take_curves
from deploy.bench.figures import median_of, ratio
from deploy.bench.goals import Goal
from deploy.bench.machine import describe
from deploy.bench.rush import SEATS, one_round
from deploy.bench.stack import PATIENT, Stack, peer_database, running_stack

CLIENTS = 500


def naive_round(stack: Stack, *, delay: float, tag: str) -> dict[str, Any]:
    """One rush on the naive endpoint, and what its tables hold afterwards."""
    stack.stub.reset()
    stack.stub.script(delay=delay)
    slug = f"naive-{tag}"
    with psycopg.connect(peer_database(stack.variables["DATABASE_URL"], "naive"), autocommit=True) as tables:
        insert = "INSERT INTO naive_event (slug, capacity, taken, waiting) VALUES (%s, %s, 0, 0)"
        tables.execute(insert, [slug, SEATS])
        arguments = ["--clients", str(CLIENTS), "--events", slug, "--tag", tag, "--seconds", str(PATIENT)]
        report = stack.load("naive", "rush", *arguments)
        question = (
            "SELECT count(*) FILTER (WHERE is_confirmed), count(*), max(taken)"
            " FROM naive_entry JOIN naive_event ON naive_event.id = event_id WHERE slug = %s"
        )
        sold, entries, taken = tables.execute(question, [slug]).fetchone() or (0, 0, 0)
    database = {"sold": sold, "of_seats": SEATS, "entries": entries, "stored_taken": taken}
    return report | {"provider_delay": delay, "database": database}


def main() -> int:
    """Run the rounds and write the results."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bench.naive", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of the product")
    parser.add_argument("--naive-rounds", type=int, default=1, help="each takes minutes")
    parser.add_argument("--delay", type=float, default=2.0)
    given = parser.parse_args()
    machine = describe()
    ours: list[dict[str, Any]] = []
    theirs: list[dict[str, Any]] = []
    with running_stack(peers=("naive",)) as stack:
        machine["postgresql"] = stack.postgresql()
        fest.set_up(stack)
        for number in range(given.rounds):
            tag = f"n{number}"
            ours.append(one_round(stack, clients=CLIENTS, delay=given.delay, tag=tag, patience=180))
            print("product", ours[-1]["redirect_seconds"], flush=True)
            if number < given.naive_rounds:
                theirs.append(naive_round(stack, delay=given.delay, tag=tag))
                print("naive", theirs[-1]["redirect_seconds"], theirs[-1]["database"], flush=True)
                time.sleep(2)
        audit = stack.audit()
    last_ours = median_of(ours, "redirect_seconds", "last")
    last_theirs = median_of(theirs, "redirect_seconds", "last")
    quoted: dict[str, Any] = {
        "product_last_seconds": last_ours,
        "naive_last_seconds": last_theirs,
        "times_faster": ratio(last_theirs, last_ours),
        "naive_answered_within_10_s": median_of(theirs, "answered_within_seconds", "10"),
        "naive_sold": [one["database"]["sold"] for one in theirs],
        "product_confirmed": [one["database"]["confirmed"] for one in ours],
    }
    curves = take_curves(ours[-1], "product") | (take_curves(theirs[-1], "naive") if theirs else {})
    for one in [*ours, *theirs]:
        one.pop("moments", None)
    goals = [
        Goal("times slower than the product", quoted["times_faster"], 60, at_least=True),
        Goal("seats oversold by the product", max(one["database"]["oversold"] for one in ours), 0),
    ]
    content = {"machine": machine, "medians": quoted, "audit": audit, "product": ours, "naive": theirs}
    return end("naive", content, goals, curves)


if __name__ == "__main__":
    sys.exit(main())
