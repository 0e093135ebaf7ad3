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

_normalize = unicodedata.normalize


@dataclass
class Steps:
    """Lines of Python, and what normalisation may cost at worst: runs of marks are sorted by insertion."""

    lines: int = 0
    normalized: int = 0

    @property
    def total(self) -> int:
        return self.lines + self.normalized


def cost_of(text: str) -> int:
    """At worst, in comparisons and copies."""
    runs = (len(list(run)) for is_run, run in itertools.groupby(text, _is_sorted) if is_run)
    return len(text) + sum(run * run for run in runs)


@cache
def _is_sorted(character: str) -> bool:
    """Whether it takes part in the sorting, or begins with what does."""
    return unicodedata.combining(_normalize("NFD", character)[0]) > 0


@contextmanager
def counted(*, has_lines: bool = True) -> Iterator[Steps]:
    """Counts in this thread until the block ends; counting lines makes all of them many times slower."""
    steps = Steps()

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        steps.lines += event == "line"
        return trace

    before = sys.gettrace()

    def normalize(form: Any, text: str) -> str:
        steps.normalized += cost_of(text)
        return _normalize(form, text)

    with pytest.MonkeyPatch.context() as patch:
        # Whoever calls it: Django and the accounts library, too.
        patch.setattr(unicodedata, "normalize", normalize)
        if has_lines:
            sys.settrace(trace)
        try:
            yield steps
        finally:
            sys.settrace(before)
