"""Read an XLSX file in a separate process that can be killed."""

import json
import logging
import resource
import subprocess
import sys
from pathlib import Path

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
    """Return the first visible sheet that is not empty. Raises `FileRefused`.

    This process never parses the file, only the short answer of the other process.
    """
    answer = json.loads(_answer(data))
    if code := answer.get("refused"):
        raise FileRefused(code, row=answer.get("row", 0))
    rows = tuple(Row(number, tuple(cells)) for number, cells in answer["rows"])
    return Sheet(rows, encoding="xlsx", name=answer["name"], other_names=tuple(answer["others"]))


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
