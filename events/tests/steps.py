"""Counts what reading a text costs in steps, not in seconds: a busy machine then refuses nothing."""

import itertools
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import FrameType
from typing import Any

import pytest

from events import text as limits


@dataclass
class Steps:
    """Lines of Python, and what normalisation may cost at worst: runs of marks are sorted by insertion."""

    lines: int = 0
    normalized: int = 0

    @property
    def total(self) -> int:
        return self.lines + self.normalized


class _CountingUnicode:
    """Stands in for the module `unicodedata` where texts are normalised."""

    category = staticmethod(unicodedata.category)

    def __init__(self, steps: Steps) -> None:
        self.steps = steps

    def normalize(self, form: Any, text: str) -> str:
        self.steps.normalized += cost_of(text)
        return unicodedata.normalize(form, text)


def cost_of(text: str) -> int:
    """At worst, in comparisons and copies."""
    runs = (len(list(run)) for is_run, run in itertools.groupby(text, _is_sorted) if is_run)
    return len(text) + sum(run * run for run in runs)


@cache
def _is_sorted(character: str) -> bool:
    """Whether it takes part in the sorting, or begins with what does."""
    return unicodedata.combining(unicodedata.normalize("NFD", character)[0]) > 0


@contextmanager
def counted() -> Iterator[Steps]:
    """Counts in this thread until the block ends."""
    steps = Steps()

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        steps.lines += event == "line"
        return trace

    before = sys.gettrace()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "unicodedata", _CountingUnicode(steps))
        sys.settrace(trace)
        try:
            yield steps
        finally:
            sys.settrace(before)
