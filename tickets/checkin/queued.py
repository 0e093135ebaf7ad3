"""The scans and undone check-ins that a phone uploads, as read from its request."""

import datetime as dt
import json
import re
import uuid
from dataclasses import dataclass
from typing import Any

from django.utils.dateparse import parse_datetime

from registrations.students.names import clean_text
from tickets.checkin import lookup
from tickets.models import Scan

PREFIX = 16
"""Bytes of a code's SHA-256 that identify it on the device and in its uploads."""
MAX_SCANS = 500
"""Scans per upload; a device sends a hundred at a time."""
MAX_BYTES = 128 * 1024
"""Bytes of an upload; a scan has about 150."""
MAX_REASON = 300
_DIGEST = re.compile(f"[0-9a-f]{{{2 * PREFIX}}}")


class Malformed(Exception):
    """Not a valid upload, with what is wrong. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Queued:
    """One scan stored on a device: the digest of the code, the time by its clock, and the verdict it showed."""

    key: uuid.UUID
    digest: str
    at: dt.datetime
    device_verdict: str


@dataclass(frozen=True, slots=True)
class QueuedUndo:
    """A check-in undone on a device, by the key of its scan; the reason may be missing."""

    key: uuid.UUID
    undoes: uuid.UUID
    at: dt.datetime
    reason: str


def read_upload(body: bytes) -> list[Queued | QueuedUndo]:
    """Reads `{"scans": [{"key", "digest", "at", "device_verdict"}, ...]}`. Raises `Malformed`.

    A row that undoes a scan has `undoes`, the key of that scan, and perhaps `reason`, instead of the last two.
    """
    if len(body) > MAX_BYTES:
        raise Malformed(f"The upload must be smaller than {MAX_BYTES // 1024} kB.")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("The upload is not JSON.") from None
    rows = content.get("scans") if isinstance(content, dict) else None
    if not isinstance(rows, list):
        raise Malformed("The upload has no list of scans.")
    if len(rows) > MAX_SCANS:
        raise Malformed(f"The upload has more than {MAX_SCANS} scans.")
    return [_read(row, number) for number, row in enumerate(rows, start=1)]


def _read(row: Any, number: int) -> Queued | QueuedUndo:
    try:
        key, at = uuid.UUID(row["key"]), parse_datetime(row["at"])
        undoes = uuid.UUID(row["undoes"]) if "undoes" in row else None
        digest, device_verdict = ("", "") if undoes else (row["digest"], row["device_verdict"])
    except (TypeError, ValueError, KeyError, AttributeError):
        raise Malformed(f"Scan {number} is not complete.") from None
    if at is None or at.tzinfo is None or not 1900 < at.year < 9000:
        raise Malformed(f"Scan {number} has no time.")
    if undoes:
        return QueuedUndo(key, undoes, at, _reason_in(row))
    if (
        not isinstance(digest, str)
        or not _DIGEST.fullmatch(digest)
        or device_verdict not in Scan.Verdict.values
    ):
        raise Malformed(f"Scan {number} is not complete.")
    return Queued(key, digest, at, device_verdict)


def _reason_in(row: dict[str, Any]) -> str:
    """The reason, or nothing if it is a scanned code, which must not reach the records."""
    reason = clean_text(str(row.get("reason") or "").replace("\0", " "))
    return "" if lookup.is_scanned(reason) else reason[:MAX_REASON]
