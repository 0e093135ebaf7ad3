"""Counts the cost of reading a text in steps instead of seconds, so that a busy machine fails no test."""

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
    """Lines of Python executed, plus the worst-case cost of normalisation, which sorts runs of marks by insertion."""

    lines: int = 0
    normalized: int = 0

    @property
    def total(self) -> int:
        return self.lines + self.normalized


def cost_of(text: str) -> int:
    """Worst-case comparisons and copies."""
    runs = (len(list(run)) for is_run, run in itertools.groupby(text, _is_sorted) if is_run)
    return len(text) + sum(run * run for run in runs)


@cache
def _is_sorted(character: str) -> bool:
    """Whether the character is sorted, or decomposes into one that is."""
    return unicodedata.combining(_normalize("NFD", character)[0]) > 0


@contextmanager
def counted(*, has_lines: bool = True) -> Iterator[Steps]:
    """Count the steps of this thread in the block; counting makes the code many times slower."""
    steps = Steps()

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        steps.lines += event == "line"
        return trace

    before = sys.gettrace()

    def normalize(form: Any, text: str) -> str:
        steps.normalized += cost_of(text)
        return _normalize(form, text)

    with pytest.MonkeyPatch.context() as patch:
        # Also where Django or the accounts library call it.
        patch.setattr(unicodedata, "normalize", normalize)
        if has_lines:
            sys.settrace(trace)
        try:
            yield steps
        finally:
            sys.settrace(before)
