"""How each bench ends: its figures in a file, a plot of its answers, and a table of its goals on the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from deploy.bench.figures import RESULTS, write
from deploy.bench.goals import Goal, as_json, table
from deploy.bench.plot import answers_over_time

Curves = Mapping[str, Sequence[float]]


def take_curves(report: dict[str, Any], name: str) -> dict[str, list[float]]:
    """The moments of a report's answers, which are for the plot and not for the file."""
    return {f"{name}, {kind}": moments for kind, moments in report.pop("moments").items() if moments}


def end(name: str, content: dict[str, Any], goals: Sequence[Goal], curves: Curves | None = None) -> int:
    """Write and show everything; 0 where the audit of the database is clean, if there was one."""
    if curves:
        title = f"{name}: answers since the first click"
        print(answers_over_time(RESULTS / f"{name}.svg", title, curves))
    print(write(name, {"goals": as_json(goals), **content}))
    print(table(goals))
    return 0 if content.get("audit", {"clean": True})["clean"] else 1
