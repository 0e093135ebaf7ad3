"""A cell of a workbook as the text that its writer saw."""

import datetime as dt
from typing import TypeAlias

Value: TypeAlias = str | float | int | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None


def text_of(value: Value) -> str:
    """The value without surprise: 9.0 is "9", a phone number has all its digits, a day is 2026-11-24."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds")
    if isinstance(value, dt.timedelta):
        return str(value)
    return value.isoformat() if isinstance(value, dt.date) else value.isoformat("seconds")


def _number(value: float) -> str:
    """Whole numbers with all their digits, others with the 15 that a spreadsheet keeps."""
    if abs(value) < 1e15 and value == int(value):
        return str(int(value))
    return f"{value:.15g}"
