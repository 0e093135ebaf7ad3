"""Figures as the benches write them: percentiles, medians, and one JSON file with the machine's description."""

import datetime as dt
import json
import math
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"


def spread(seconds: Iterable[float]) -> dict[str, float]:
    """p50, p95, p99 and the last, in seconds; empty where nothing was measured."""
    values = sorted(seconds)
    if not values:
        return {}
    return {
        "p50": round(percentile(values, 50), 4),
        "p95": round(percentile(values, 95), 4),
        "p99": round(percentile(values, 99), 4),
        "last": round(values[-1], 4),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the sorted values that ``share`` per cent of them do not exceed."""
    return values[max(0, math.ceil(len(values) * share / 100) - 1)]


def median_of(rounds: Sequence[dict[str, Any]], *path: str) -> float | None:
    """The median over the rounds of one figure, named by its path; None where no round has it."""
    values = [value for one in rounds if (value := _at(one, path)) is not None]
    return round(statistics.median(values), 4) if values else None


def ratio(one: float | None, other: float | None) -> float | None:
    """How many times ``other`` is in ``one``; None where one of them was not measured."""
    return round(one / other, 3) if one is not None and other else None


def _at(tree: Any, path: Iterable[str]) -> float | None:
    for step in path:
        tree = tree.get(step)
        if tree is None:
            return None
    return float(tree)


def write(name: str, content: dict[str, Any]) -> Path:
    """Write results/<name>.json, dated in UTC; returns the file."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{name}.json"
    dated = {"bench": name, "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}
    file.write_text(json.dumps(dated | content, indent=2) + "\n")
    return file
