"""Goals of a bench beside the figures that it measured, as a table for the terminal."""

from collections.abc import Sequence
from dataclasses import dataclass

MISSING = "not measured"


@dataclass(frozen=True)
class Goal:
    """One goal: ``figure`` may be at most ``limit``, or with ``at_least`` not less."""

    words: str
    figure: float | None
    limit: float
    unit: str = ""
    at_least: bool = False

    def is_reached(self) -> bool:
        if self.figure is None:
            return False
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit

    def row(self) -> tuple[str, str, str, str]:
        """The cells of the table."""
        bound = ">=" if self.at_least else "<="
        figure = MISSING if self.figure is None else f"{self.figure:g} {self.unit}"
        return self.words, f"{bound} {self.limit:g} {self.unit}", figure, "yes" if self.is_reached() else "NO"


def table(goals: Sequence[Goal]) -> str:
    """The goals line by line, in columns."""
    rows = [("", "goal", "measured", "reached"), *(goal.row() for goal in goals)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join("  ".join(cell.ljust(widths[n]) for n, cell in enumerate(row)).rstrip() for row in rows)


def as_json(goals: Sequence[Goal]) -> list[dict[str, object]]:
    """The goals for the file of results."""
    return [
        {
            "goal": f"{goal.words} {goal.row()[1]}".strip(),
            "measured": goal.figure,
            "reached": goal.is_reached(),
        }
        for goal in goals
    ]
