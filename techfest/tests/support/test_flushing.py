"""After a test that committed the database is as after `flush`, whatever the test did."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import TransactionTestCase

from events.models import AuditEntry, Event
from registrations.models import Change, School
from registrations.tests.builders import build_event, build_fest, build_submission, build_teacher, build_user
from techfest.core import audit_log
from techfest.core.db.clock import database_now
from techfest.core.roles import OWNER
from techfest.tests.support import flushing

pytestmark = pytest.mark.django_db(transaction=True)


def empty() -> None:
    case: Any = TransactionTestCase()
    case._fixture_teardown()


def row_counts() -> dict[str, int]:
    """The number of rows of each table that has some."""
    found = {}
    with connection.cursor() as cursor:
        for table in flushing._tables():
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            found[table] = int(cursor.fetchone()[0])
    return {table: count for table, count in found.items() if count}


def test_rows_of_a_test_are_gone_also_those_that_only_grow() -> None:
    empty()
    before, types = row_counts(), list(ContentType.objects.order_by("pk").values_list("pk", flat=True))
    build_teacher()  # makes a group as well
    user = build_user()
    user.groups.add(Group.objects.get(name=OWNER))
    build_submission(build_event(build_fest()))
    audit_log.record(user, what="exported", now=database_now(), user=user)
    assert [model.objects.exists() for model in (Event, Change, AuditEntry)] == [True] * 3
    empty()
    assert row_counts() == before
    assert list(ContentType.objects.order_by("pk").values_list("pk", flat=True)) == types, "not made anew"


def test_changed_permissions_of_a_role_are_as_after_a_migration_again() -> None:
    empty()
    group = Group.objects.get(name=OWNER)
    before = set(group.permissions.values_list("codename", flat=True))
    group.permissions.set(Permission.objects.all()[:1])
    Group.objects.create(name="of this test")
    empty()
    assert set(Group.objects.get(name=OWNER).permissions.values_list("codename", flat=True)) == before
    assert not Group.objects.filter(name="of this test").exists()


def test_large_table_is_truncated_so_that_no_dead_rows_stay() -> None:
    School.objects.bulk_create(
        School(name=f"School {n}", key=f"school {n} {'x' * 100}") for n in range(10_000)
    )
    empty()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size('registrations_school')")
        assert cursor.fetchone() == (0,)
