"""The application's role reads and writes rows; it cannot switch off what keeps them true."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from deploy.launcher import postgres
from deploy.launcher.folders import ROOT
from deploy.tests.own_database import Database, running_database, speaking_as
from events.models import Fest
from registrations.booking.cancel import cancel
from registrations.models import Change, Consent, Registration, Student
from registrations.privacy.erase import erase
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.checks import check_role
from techfest.core.db.locking import Deadline
from tickets.mail.send import send_due
from tickets.restore import watch
from tickets.tests.audited import run as audit

pytestmark = [pytest.mark.faults, pytest.mark.slow]

FORBIDDEN = [
    "ALTER TABLE registrations_change DISABLE TRIGGER ALL",
    "ALTER TABLE registrations_change DISABLE TRIGGER registrations_change_append_only",
    "ALTER TABLE events_auditentry DISABLE TRIGGER USER",
    "DROP TRIGGER registrations_change_append_only ON registrations_change",
    "DROP TABLE registrations_change CASCADE",
    "TRUNCATE events_auditentry",
    "ALTER TABLE events_seats DROP CONSTRAINT events_seats_pkey CASCADE",
    "CREATE OR REPLACE FUNCTION registrations_keep_changes() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
    "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE TABLE mine (id integer)",
    "CREATE TEMPORARY TABLE mine (id integer)",
    "CREATE RULE mine AS ON INSERT TO registrations_change DO INSTEAD NOTHING",
    "SET session_replication_role = replica",
    f"SET ROLE {postgres.DATABASE}",
    f"ALTER ROLE {postgres.APPLICATION} SUPERUSER",
    f"GRANT {postgres.DATABASE} TO {postgres.APPLICATION}",
    "CREATE ROLE mine SUPERUSER",
    "COPY registrations_student TO PROGRAM 'cat'",
    "SELECT pg_read_file('/etc/passwd')",
    "ALTER SYSTEM SET fsync = off",
    "DROP TRIGGER registrations_consent_is_kept ON registrations_consent",
]


@pytest.fixture(scope="module")
def database(django_db_blocker: Any) -> Iterator[Database]:
    with django_db_blocker.unblock(), running_database() as started:
        build_fest()
        yield started


def psql(cluster: postgres.Cluster, command: str) -> None:
    postgres._run(cluster, [*postgres._psql(cluster, postgres.DATABASE), "-c", command])


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_application_s_role_is_refused(database: Database, statement: str) -> None:
    with (
        psycopg.connect(database.cluster.application_url, autocommit=True) as link,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        link.execute(statement)


def test_owner_may_switch_a_trigger_off(database: Database) -> None:
    """The negative control: the statements are right, and it is the role that is refused."""
    with psycopg.connect(database.cluster.url) as link:
        for statement in (FORBIDDEN[0], FORBIDDEN[3], FORBIDDEN[5], FORBIDDEN[12]):
            link.execute(statement)
        link.rollback()


def test_everything_from_registering_to_erasing_works_as_the_application_s_role(
    database: Database, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "tickets.mail.file_backend.EmlBackend"
    with speaking_as(postgres.APPLICATION, database.cluster):
        event = build_event(Fest.objects.get(), capacity=1)
        submission = build_submission(event)
        build_submission(event)
        change = Change.objects.latest("pk")
        for rewrite in (change.delete, lambda: Change.objects.update(to_state="cancelled")):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                rewrite()
        with pytest.raises(DatabaseError, match="a consent stays"), transaction.atomic():
            Consent.objects.filter(student=submission.student).delete()
        watch()
        send_due()
        cancel([submission.registrations.get().pk], actor=Change.Actor.STUDENT, deadline=Deadline())
        assert Registration.objects.filter(event=event, state="confirmed").count() == 1
        assert submission.student_id is not None
        erase([submission.student_id], deadline=Deadline())
        call_command("erase_again")
        assert Student.objects.known().filter(pk=submission.student_id).count() == 0
        assert audit() == []
        assert check_role(None, databases=["default"]) == []


def test_check_warns_of_a_role_that_could_switch_triggers_off(database: Database) -> None:
    with speaking_as(postgres.DATABASE, database.cluster):
        assert [found.id for found in check_role(None, databases=["default"])] == ["techfest.W020"]
        assert check_role(None, databases=None) == []


def test_data_of_an_earlier_start_with_one_role_is_taken_over(database: Database) -> None:
    cluster = database.cluster
    psql(cluster, f"DROP OWNED BY {postgres.APPLICATION}")
    psql(cluster, f"DROP ROLE {postgres.APPLICATION}")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(cluster.application_url)
    for _ in range(2):
        postgres.prepare_roles(cluster)
        with speaking_as(postgres.APPLICATION, cluster):
            build_submission(build_event(Fest.objects.get()))


def test_tables_of_later_migrations_are_the_application_s_to_fill(database: Database) -> None:
    psql(database.cluster, "CREATE TABLE later (id bigint GENERATED ALWAYS AS IDENTITY, name text)")
    try:
        with psycopg.connect(database.cluster.application_url) as link:
            link.execute("INSERT INTO later (name) VALUES ('x')")
            link.execute("UPDATE later SET name = 'y'")
            assert link.execute("SELECT count(*) FROM later").fetchone() == (1,)
            link.execute("DELETE FROM later")
    finally:
        psql(database.cluster, "DROP TABLE later")


def test_roles_of_a_server_of_one_s_own(database: Database) -> None:
    """As README says: another owner, who is no superuser, migrates; the application gets rows."""
    cluster = database.cluster
    postgres._run(cluster, [*postgres._psql(cluster), "-c", "CREATE DATABASE fest"])
    text = (ROOT / "deploy" / "postgres" / "roles.sql").read_text()
    variables = ["-v", "owner=fest_owner", "-v", "application=fest_app"]
    postgres._run(cluster, [*postgres._psql(cluster, "fest"), *variables, "-f", "-"], text=text)
    before = dict(connection.settings_dict)
    try:
        for user in ("fest_owner", "fest_app"):
            connection.close()
            connection.settings_dict.update(NAME="fest", USER=user, HOST=str(cluster.sockets), PORT="")
            if user == "fest_owner":
                call_command("migrate", verbosity=0)
            else:
                build_submission(build_event(build_fest()))
                assert check_role(None, databases=["default"]) == []
    finally:
        connection.close()
        connection.settings_dict.update(before)
