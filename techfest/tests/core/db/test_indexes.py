"""The indexes of the tables that every registration writes: each costs every one of them, so each has its reason."""

import re

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db

EXPECTED: dict[str, set[str]] = {
    "events_seats": {
        "UNIQUE (event_id)",
    },
    "registrations_student": {
        "(email_key) partial",
        "(school_id)",
        "UNIQUE (fest_id, school_id, grade, initials, name_key, section, roll_key)",
        "UNIQUE (id)",
        "UNIQUE (link_id)",
        "UNIQUE (reference)",
    },
    "registrations_consent": {
        "(text_id)",
        "(user_id) partial",
        "UNIQUE (id)",
        "UNIQUE (student_id, text_id, basis)",
    },
    "registrations_submission": {
        "(student_id)",
        "UNIQUE (id)",
        "UNIQUE (key)",
        "UNIQUE (link_id)",
    },
    "registrations_registration": {
        "(confirm_by) partial",
        "(event_id, queue_position) partial",
        "(hold_id) partial",
        "(student_id)",
        "(submission_id)",
        "UNIQUE (event_id, queue_position)",
        "UNIQUE (id)",
        "UNIQUE (student_id, event_id) partial",
    },
    "registrations_change": {
        "(registration_id)",
        "(submission_id)",
        "(user_id) partial",
        "UNIQUE (id)",
    },
    "tickets_ticket": {
        "(created_at) partial",
        "(registration_id)",
        "(student_id)",
        "UNIQUE (code)",
        "UNIQUE (id)",
        "UNIQUE (registration_id, student_id) partial",
    },
    "tickets_delivery": {
        "(document_id) partial",
        "(due_at) partial",
        "(gathered_into_id) partial",
        "(job_id) partial",
        "(mailbox, created_at)",
        "(message_id) partial",
        "(student_id)",
        "(submission_id)",
        "(ticket_id) partial",
        "(user_id) partial",
        "UNIQUE (change_id, kind, to) partial",
        "UNIQUE (id)",
        "UNIQUE (job_id) partial",
        "UNIQUE (key)",
        "UNIQUE (student_id, day) partial",
        "UNIQUE (submission_id, kind) partial",
    },
}


def found() -> dict[str, set[str]]:
    """The indexes of these tables by what they index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, regexp_replace(indexdef, '^CREATE (UNIQUE )?INDEX .* USING btree ', '\\1')"
            " FROM pg_indexes WHERE schemaname = current_schema() AND tablename = ANY(%s)",
            [list(EXPECTED)],
        )
        indexes: dict[str, set[str]] = {table: set() for table in EXPECTED}
        for table, index in cursor.fetchall():
            indexes[table].add(re.sub(r" WHERE .*", " partial", index).replace('"', ""))
    return indexes


def test_hot_tables_have_these_indexes_and_no_others() -> None:
    assert found() == EXPECTED


def test_key_of_a_partial_index_is_found_by_it() -> None:
    """Lookups by value, and deletions of the other row, need no full index."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for condition in ("user_id = 1", "user_id IN (1, 2)"):
            cursor.execute(f"EXPLAIN SELECT FROM registrations_change WHERE {condition}")
            assert "change_user" in " ".join(line for (line,) in cursor.fetchall())
