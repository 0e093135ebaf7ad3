"""The database's clock, which alone judges openings and closings."""

import datetime as dt

from django.db import connection
from django.db.models import DateTimeField, Func


class ClockTimestamp(Func):
    """PostgreSQL's time of this very moment, not of the transaction's start."""

    function = "clock_timestamp"
    output_field = DateTimeField()


def database_now() -> dt.datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row: tuple[dt.datetime] = cursor.fetchone()
    return row[0]
