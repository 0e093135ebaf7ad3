"""No name, address or secret is in the planner's statistics, and important lookups still use their indexes."""

import json
from typing import Any

import pytest
from django.db import connection

from registrations.models import Student
from registrations.privacy import planner_statistics
from registrations.privacy.erase import erase
from registrations.tests.builders import build_event, build_fest, build_school, build_submission
from techfest.core.db.locking import Deadline
from tickets.models import Delivery

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "Zyxquorvent Plimbathory"
EMAIL = "family@plimbathory.example"
_SAMPLES = """
    SELECT tablename || '.' || attname FROM pg_stats WHERE schemaname = current_schema()
        AND position(%s in lower(concat(most_common_vals::text, histogram_bounds::text, most_common_elems::text))) > 0
    UNION SELECT statistics_name FROM pg_stats_ext WHERE schemaname = current_schema()
        AND position(%s in lower(most_common_vals::text)) > 0
    UNION SELECT statistics_name FROM pg_stats_ext_exprs WHERE schemaname = current_schema()
        AND position(%s in lower(concat(most_common_vals::text, histogram_bounds::text))) > 0
"""


def sampled(word: str) -> set[str]:
    """Analyse all tables and return the columns whose statistics contain the word."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute(_SAMPLES, [word.lower()] * 3)
        return {name for (name,) in cursor.fetchall()}


def sample_all() -> None:
    """Give every column statistics, as before the upgrade."""
    with connection.cursor() as cursor:
        for column in planner_statistics.columns():
            cursor.execute(f'ALTER TABLE "{column.table}" ALTER COLUMN "{column.name}" SET STATISTICS -1')


def registered() -> Student:
    event = build_event(build_fest())
    for initial in "ABC":
        build_submission(event, name=f"{NAME} {initial}", email=EMAIL)
    return Student.objects.earliest("pk")


def test_no_statistics_hold_what_people_typed_and_none_hold_secrets() -> None:
    student = registered()
    words = [NAME, EMAIL, student.reference, str(Delivery.objects.earliest("pk").key)]
    assert [sampled(word) for word in words] == [set()] * 4
    erase([student.pk], deadline=Deadline(30))
    assert [sampled(word) for word in words] == [set()] * 4


def test_what_was_sampled_before_the_upgrade_goes_with_it() -> None:
    """Negative control: before the upgrade an erased student is in the statistics."""
    student = registered()
    sample_all()
    try:
        assert {"registrations_student.name", "registrations_student.email"} <= sampled(NAME) | sampled(EMAIL)
        erase(Student.objects.values_list("pk", flat=True), deadline=Deadline(30))
        with connection.cursor() as cursor:
            cursor.execute(_SAMPLES, [NAME.lower()] * 3)
            assert "registrations_student.name" in {name for (name,) in cursor.fetchall()}
    finally:
        planner_statistics.withhold()
    assert sampled(NAME) | sampled(EMAIL) | sampled(student.reference) == set()
    assert planner_statistics.withhold() == 0


def test_every_column_without_choices_is_withheld_and_the_others_are_not() -> None:
    """After the migrations, for every column they add."""
    found = planner_statistics.columns()
    assert [column for column in found if column.is_sampled] == []
    names = {f"{column.table}.{column.name}" for column in found}
    assert {
        "registrations_student.initials",
        "registrations_student.name_key",
        "registrations_classlistrow.cells",
        "tickets_delivery.to",
    } <= names
    assert names.isdisjoint({"tickets_delivery.state", "registrations_registration.state"})


def plan(sql: str, *given: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", given)
        (found,) = cursor.fetchone()
    return json.dumps(found if isinstance(found, list) else json.loads(found))


def of_query(rows: Any) -> str:
    sql, given = rows.query.sql_with_params()
    return plan(sql, *given)


def build_many(count: int) -> Student:
    fest, school = build_fest(), build_school()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registrations_student (fest_id, school_id, grade, section, name, name_key, initials,"
            " roll_number, roll_key, email, email_key, language, reference, link_version)"
            " SELECT %s, %s, 5 + n %% 8, '', 'Student ' || n, 'student ' || n, chr(97 + n %% 26), '',"
            " '', 's' || n || '@example.org',"
            " 's' || n || '@example.org', 'en', lpad(n::text, 7, '0'), 1 FROM generate_series(1, %s) n",
            [fest.pk, school.pk, count],
        )
        cursor.execute("ANALYZE registrations_student")
    return Student.objects.get(reference="0000077")


def test_lookups_of_identity_and_address_use_their_indexes_without_statistics() -> None:
    one = build_many(10_000)
    lookups = [
        Student.objects.namesakes(one).filter(erased_at=None),
        Student.objects.perhaps_alike(one, ["a", "b", "ab"]),
        Student.objects.filter(email_key=one.email_key).exclude(email_key=""),
        Student.objects.filter(reference=one.reference),
    ]
    plans = [of_query(rows) for rows in lookups]
    assert ["Seq Scan" in found for found in plans] == [False] * 4
    sample_all()
    try:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE registrations_student")
        before = [of_query(rows) for rows in lookups]
    finally:
        planner_statistics.withhold()
    assert [index_of(found) for found in plans] == [index_of(found) for found in before]


def index_of(found: str) -> set[str]:
    """Return the indexes that a plan uses."""
    nodes, names = [json.loads(found)[0]["Plan"]], set()
    while nodes:
        node = nodes.pop()
        names |= {node["Index Name"]} if "Index Name" in node else set()
        nodes += node.get("Plans", [])
    return names
