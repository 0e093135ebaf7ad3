"""What a ticket's PDF costs: CPU milliseconds and memory, against a bare WeasyPrint page in the same process.

``python -m deploy.bench.pdf`` writes results/pdf.json. Each figure is the median of warm runs in CPU time, so a
busy machine moves it less.
"""

import os
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from statistics import median
from typing import Any

from deploy.bench.ending import end
from deploy.bench.goals import Goal
from deploy.bench.machine import describe

RUNS = 20
MANY = 500


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "techfest.settings")
    for name in ("SECRET_KEY", "LINK_KEYS"):
        os.environ.setdefault(name, "only-for-this-bench-" * 4)
    os.environ.setdefault("DATABASE_URL", "postgres://nobody@localhost/never-opened")
    os.environ.setdefault("REDIS_URL", "redis://localhost:1/0")

    import django

    django.setup()
    found = measure()
    goals = [
        Goal("a ticket's PDF", found["ticket_ms"]["latin"], 20, "ms"),
        Goal("each of 500 in one document", found["many"]["ms_each"], 20, "ms"),
        Goal("memory of that", found["many"]["peak_mib"], 130, "MiB"),
    ]
    end("pdf", {"machine": describe()} | found, goals)


def measure() -> dict[str, Any]:
    from tickets import pdf
    from tickets.pdf.engine import engine

    started = time.process_time()
    pdf.warm()
    warming = time.process_time() - started
    bare = engine().weasyprint.HTML
    names = {"latin": "Asha Rao", "devanagari": "आरव शर्मा", "han": "李小龙", "emoji": "👨‍👩‍👧 Kim"}
    tickets = {kind: partial(ticket, name) for kind, name in names.items()}
    floor = milliseconds(lambda _: bare(string="<p>Asha Rao").write_pdf(font_config=engine().fonts))
    figures = {kind: milliseconds(make) for kind, make in tickets.items()}
    before, started = peak(), time.process_time()
    many = pdf.render([content(number, "Asha Rao") for number in range(MANY)])
    each = (time.process_time() - started) * 1000 / MANY
    return {
        "warm_up_ms": round(warming * 1000),
        "bare_page_ms": floor,
        "ticket_ms": figures,
        "ticket_bytes": {kind: len(make(0)) for kind, make in tickets.items()},
        "many": {
            "tickets": MANY,
            "ms_each": round(each, 1),
            "bytes": len(many),
            "peak_mib": peak(),
            "peak_mib_before": before,
        },
    }


def ticket(person: str, number: int) -> bytes:
    from tickets import pdf

    return pdf.render([content(number, person)])


def content(number: int, person: str) -> Any:
    from tickets.pdf import TicketContent

    return TicketContent(
        fest_name="Riverside Tech Fest",
        accent="indigo",
        logo=None,
        person=person,
        grade=9,
        section="B",
        school="Riverside Public School",
        event="Robo Race",
        starts_at=datetime(2026, 12, 12, 4, 30, tzinfo=UTC),
        ends_at=datetime(2026, 12, 12, 7, 0, tzinfo=UTC),
        time_zone="Asia/Kolkata",
        venue="Main Hall",
        place="14 Canal Road, Pune",
        reference="K7MQPX4",
        url=f"https://fest.riverside.example/t/Zk3v9qX1mTn8bYw2Lc{number:04}/",
        language="en",
        contact="Meera Iyer, help@riverside.example",
    )


def milliseconds(make: Callable[[int], object]) -> float:
    """The median CPU time of one call, after one that is not counted."""
    make(RUNS)
    times = []
    for number in range(RUNS):
        started = time.process_time()
        make(number)
        times.append(time.process_time() - started)
    return round(median(times) * 1000, 1)


def peak() -> int:
    """The most memory this process ever had, in MiB (Linux counts it in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
