"""All clients submit within one instant: 500 and 2,000 clients for 100 seats, provider 2 s slow and 0 s slow.

``python -m deploy.bench.rush`` writes results/rush.json and rush.svg. "Answered" is the redirect of the POST; the
confirmation page follows on the same connection. Rounds are interleaved and the medians are what may be quoted.
"""

import argparse
import sys
import time
from typing import Any

from deploy.bench import fest
from deploy.bench.ending import end, take_curves
from deploy.bench.figures import median_of, ratio
from deploy.bench.goals import Goal
from deploy.bench.machine import describe
from deploy.bench.stack import Stack, running_stack

SEATS = 100
CLICK = ("web", "database", "nginx")
# Pages count seats from a snapshot that is at most 5 s old.
CACHE_SECONDS = 6


def one_round(stack: Stack, *, clients: int, delay: float, tag: str, patience: float) -> dict[str, Any]:
    """One rush on a new event, and everything until its last mail was handed over."""
    stack.stub.reset()
    stack.stub.script(delay=delay)
    fest.close_events()
    slugs = fest.open_events(1, capacity=SEATS, prefix=f"rush-{tag}")
    time.sleep(CACHE_SECONDS)
    before = stack.cpu()
    report = stack.load("techfest", "rush", "--clients", str(clients), "--events", slugs[0], "--tag", tag)
    mails = fest.wait_for_mails(seconds=patience)
    whole = stack.spent_since(before)
    accepted = stack.stub.accepted()
    click = report["cpu_seconds"]
    return report | {
        "provider_delay": delay,
        "database": fest.counts(slugs),
        "mails_handed_over": mails | {"accepted": len(accepted), "doubled": _doubled(accepted)},
        "cpu_seconds_until_last_mail": whole,
        "cpu_ms_per_click": round(1000 * sum(click[part] for part in CLICK) / clients, 2),
        "cpu_ms_per_registration": round(1000 * _product(whole) / clients, 2),
        "memory_mib": stack.memory(),
    }


def _product(spent: dict[str, float]) -> float:
    """The product's own processor seconds: the stub and the peers are not part of it."""
    parts = ("web", "worker", "database", "redis", "nginx")
    return sum(spent.get(part, 0.0) for part in parts)


def _doubled(accepted: list[dict[str, Any]]) -> int:
    """How many mails were taken more than once, by recipient and subject."""
    seen = [(tuple(mail["recipients"]), mail["subject"]) for mail in accepted]
    return len(seen) - len(set(seen))


def medians(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """What may be quoted of one kind of round."""
    figures: dict[str, Any] = {
        name: {at: median_of(rounds, name, at) for at in ("p50", "p95", "p99", "last")}
        for name in ("redirect_seconds", "answer_page_seconds")
    }
    figures["mails_seconds"] = median_of(rounds, "mails_handed_over", "seconds")
    figures["cpu_ms_per_click"] = median_of(rounds, "cpu_ms_per_click")
    figures["cpu_ms_per_registration"] = median_of(rounds, "cpu_ms_per_registration")
    figures["errors"] = sum(sum(one["errors"].values()) for one in rounds)
    figures["oversold"] = sum(one["database"]["oversold"] for one in rounds)
    figures["confirmed"] = [one["database"]["confirmed"] for one in rounds]
    figures["waiting"] = [one["database"]["waiting"] for one in rounds]
    figures["places_without_gaps"] = all(one["database"]["places_without_gaps"] for one in rounds)
    return figures


def last_curves(name: str, rounds: list[dict[str, Any]]) -> dict[str, list[float]]:
    """The curves of the last round of a kind; those of the others are left out."""
    return [take_curves(one, name) for one in rounds][-1]


def goals(quoted: dict[str, Any]) -> list[Goal]:
    """The goals of each kind of round that was run."""
    found: list[Goal] = []
    for clients, redirect, page in ((500, 1.3, 1.9), (2000, 5.0, 7.0)):
        for name, figures in quoted.items():
            if name.startswith(f"{clients} clients"):
                found += [
                    Goal(f"{name}: last redirect", figures["redirect_seconds"]["last"], redirect, "s"),
                    Goal(f"{name}: last page", figures["answer_page_seconds"]["last"], page, "s"),
                    Goal(f"{name}: errors", figures["errors"], 0),
                    Goal(f"{name}: seats oversold", figures["oversold"], 0),
                    Goal(f"{name}: CPU of a click with its page", figures["cpu_ms_per_click"], 4.5, "ms"),
                ]
        slow, fast = (quoted.get(f"{clients} clients, provider {delay} s") for delay in (2, 0))
        if slow and fast:
            words = f"{clients} clients: p99 with a provider 2 s slow against a fast one"
            share = ratio(slow["redirect_seconds"]["p99"], fast["redirect_seconds"]["p99"])
            found.append(Goal(words, share, 1.05))
    return found


def main() -> int:
    """Run the rounds and write the results."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bench.rush", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", default="500,2000")
    parser.add_argument("--delays", default="2,0")
    parser.add_argument("--patience", type=float, default=180, help="seconds to wait for the last mail")
    given = parser.parse_args()
    machine = describe()
    kinds = [(int(c), float(d)) for c in given.clients.split(",") for d in given.delays.split(",")]
    found: dict[str, list[dict[str, Any]]] = {}
    with running_stack() as stack:
        machine["postgresql"] = stack.postgresql()
        fest.set_up(stack)
        stack.load("techfest", "steady", "--clients", "40", "--events", "none", "--own-keys")
        for number in range(given.rounds):
            for clients, delay in kinds:
                name = f"{clients} clients, provider {delay:g} s"
                tag = f"{number}{clients}{delay:g}"
                one = one_round(stack, clients=clients, delay=delay, tag=tag, patience=given.patience)
                found.setdefault(name, []).append(one)
                print(name, one["redirect_seconds"], one["answer_page_seconds"], one["errors"], flush=True)
        audit = stack.audit()
    curves = {key: line for name, rounds in found.items() for key, line in last_curves(name, rounds).items()}
    quoted = {name: medians(rounds) for name, rounds in found.items()}
    content = {"machine": machine, "medians": quoted, "audit": audit, "rounds": found}
    return end("rush", content, goals(quoted), curves)


if __name__ == "__main__":
    sys.exit(main())
