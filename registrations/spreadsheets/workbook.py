"""Read an XLSX file in a separate process that can be killed."""

import json
import logging
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.sheet import Row, Sheet

COMMAND = (sys.executable, "-E", "-s", "-m", "registrations.spreadsheets.workbook_process")
TIMEOUT_SECONDS = 8.0
"""The process may use one second of processor time (`workbook_process`); the rest allows for a busy machine."""
_MOST_OF_THE_LIMIT = 0.5
"""Processor seconds. A class list of 1,000 rows takes half of it, so a file that is not read by then is the reason."""

_ROOT = Path(__file__).resolve().parents[2]
_log = logging.getLogger(__name__)


def read_workbook(data: bytes) -> Sheet:
    """Return the visible sheet that was open, or the first that can be read, with the others beside it.

    This process never parses the file, only the short answer of the other process. Raises `FileRefused`.
    """
    answer = json.loads(_answer(data))
    if code := answer.get("refused"):
        raise FileRefused(code, row=answer.get("row", 0))
    found = answer["sheets"]
    sheets = [_sheet(one) for one in found if "rows" in one]
    if not sheets:
        return Sheet((), encoding="xlsx")
    first, *others = sheets
    names = tuple(one["name"] for one in sorted(found, key=_place) if one["at"] != first.at)
    return replace(first, other_names=names, siblings=tuple(others))


def _place(one: dict[str, Any]) -> int:
    return int(one["at"])


def _sheet(one: dict[str, Any]) -> Sheet:
    return Sheet(
        tuple(Row(number, tuple(cells)) for number, cells in one["rows"]),
        encoding="xlsx",
        name=one["name"],
        at=one["at"],
        is_open=one["is_open"],
        hidden=frozenset(one["hidden"]),
        struck=frozenset((row, position) for row, position in one["struck"]),
    )


def _answer(data: bytes) -> bytes:
    before = _processor_seconds()
    try:
        finished = subprocess.run(  # noqa: S603  # our own module, fed through its standard input
            COMMAND,
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env={},
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        is_slow = _processor_seconds() - before >= _MOST_OF_THE_LIMIT
        raise FileRefused("slow" if is_slow else "failed") from None
    except OSError:
        raise FileRefused("failed") from None
    if finished.returncode < 0:
        # Ended by a resource limit: too much memory or time for a class list.
        raise FileRefused("cells")
    if finished.returncode:
        # A crash of the reader or a broken installation. Its output may hold names and is not logged.
        _log.error("The reader of workbooks ended with %s.", finished.returncode)
        raise FileRefused("damaged")
    return finished.stdout


def _processor_seconds() -> float:
    """Return the processor time of the ended children. A web worker has one at a time."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
