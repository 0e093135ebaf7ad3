"""Where a word stands: in every column of every table, and in every file of the data folder."""

import email
from collections.abc import Iterator
from email import policy
from pathlib import Path

from django.conf import settings
from django.db import connection

_COLUMNS = """
    SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE t.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
        AND c.data_type NOT IN ('boolean', 'bigint', 'integer', 'smallint', 'numeric', 'date', 'uuid',
            'timestamp with time zone', 'interval')
    ORDER BY 1, 2
"""


def in_database(word: str) -> set[str]:
    """The columns, as `table.column`, that hold the word, however it is written."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        for table, column, kind in cursor.fetchall():
            text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            cursor.execute(
                f'SELECT EXISTS (SELECT FROM "{table}" WHERE position(%s in lower({text})) > 0)',
                [word.lower()],
            )
            if cursor.fetchone() == (True,):
                found.add(f"{table}.{column}")
    return found


def in_files(word: str) -> set[str]:
    """The files below the data folder that hold the word, mails with all their parts decoded."""
    data, wanted = Path(settings.DATA), word.lower().encode()
    return {
        str(path.relative_to(data))
        for path in data.rglob("*")
        if path.is_file() and any(wanted in part.lower() for part in _contents(path))
    }


def _contents(path: Path) -> Iterator[bytes]:
    raw = path.read_bytes()
    yield path.name.encode()
    yield raw
    if path.suffix == ".eml":
        message = email.message_from_bytes(raw, policy=policy.default)
        yield str(message["Subject"]).encode()
        for part in message.walk():
            if not part.is_multipart():
                yield part.get_payload(decode=True) or b""  # type: ignore[misc]  # bytes, if decoded
