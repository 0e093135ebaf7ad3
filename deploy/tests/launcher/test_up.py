"""deploy/up for real: a first start, a hard kill, a second start, two copies, an ordinary user."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.launcher.folders import ROOT
from deploy.launcher.lastwatch import PATIENCE
from deploy.launcher.postgres import APPLICATION
from deploy.launcher.processes import Account, birth
from deploy.tests.copies import Copy, children_of, free_port, living, owners_of, wait_until_gone

pytestmark = [pytest.mark.slow, pytest.mark.faults]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that the servers' own user can enter, which pytest's are not."""
    made = Path(tempfile.mkdtemp(prefix="techfest-boot-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def second(folder: Path) -> Path:
    """The data folder of another copy: its later starts are quicker than a first one."""
    return folder / "second"


def test_first_start_tells_address_login_and_mails(site: Copy) -> None:
    printed = "\n".join(site.first_lines)
    assert [
        f"http://localhost:{site.port}/" in printed,
        "organiser: " in printed,
        str(site.data / "mail") in printed,
    ] == [True, True, True]


def test_readiness_names_every_part(site: Copy) -> None:
    assert site.wait_for("/health/ready", 200, seconds=60)
    status, body = site.ask("/health/ready")
    answer = json.loads(body)
    assert (status, answer["ready"], {name: part["ok"] for name, part in answer["parts"].items()}) == (
        200,
        True,
        dict.fromkeys(("database", "migrations", "broker", "mail", "restore", "provider", "workers"), True),
    )


def test_web_and_workers_speak_to_the_database_as_a_role_that_is_no_superuser(site: Copy) -> None:
    published = (site.data / "environment").read_text()
    assert f"DATABASE_URL=postgresql://{APPLICATION}@/" in published
    assert "DATABASE_OWNER_URL" not in published
    show = (
        "from django.db import connection; cursor = connection.cursor(); cursor.execute("
        "'SELECT DISTINCT usename::text FROM pg_stat_activity WHERE datname = current_database()');"
        "print(cursor.fetchall())"
    )
    assert site.manage("shell", "-v", "0", "-c", show) == f"[('{APPLICATION}',)]"


def test_catalogue_is_served_with_its_style_sheet(site: Copy) -> None:
    status, page = site.ask("/")
    sheets = [part for part in page.split('"') if part.startswith("/static/") and part.endswith(".css")]
    assert (status, [site.ask(sheet)[0] for sheet in sheets]) == (200, [200])


def test_secrets_are_private(site: Copy) -> None:
    modes = {
        name: oct((site.data / name).stat().st_mode & 0o777) for name in ("secrets", "environment", "log")
    }
    assert modes == {"secrets": "0o600", "environment": "0o600", "log": "0o700"}


def test_same_folder_is_refused_in_one_line(site: Copy) -> None:
    other = Copy(site.data, free_port())
    other.begin()
    output, _ = other.process.communicate(timeout=30)
    refusal = (
        f"deploy/up is running already with {site.data}. Set TECHFEST_DATA and PORT for a second copy.\n"
    )
    assert (other.process.returncode, output) == (1, refusal)


def born_at(pid: int) -> float:
    """When this process began, in seconds since the machine did."""
    return int(birth(pid) or 0) / os.sysconf("SC_CLK_TCK")


def test_killed_web_server_is_back_with_new_workers_and_nobody_is_refused(site: Copy) -> None:
    assert site.wait_for("/health/ready", 200, seconds=60)
    before = site.processes()
    master = site.child("gunicorn")
    old = {pid: before[pid] for pid in (master, *children_of(master))}
    killed_at = time.clock_gettime(time.CLOCK_BOOTTIME)
    os.kill(master, signal.SIGKILL)
    left = wait_until_gone(old, seconds=3)
    assert site.ask("/health/ready")[0] == 200
    # When it was begun is the supervisor's part; how long Python and Django take is the machine's.
    begun_after = born_at(site.child("gunicorn")) - killed_at
    assert (len(old), left, site.child("gunicorn") != master, begun_after < 3) == (3, [], True, True)


def test_killed_database_is_back(site: Copy) -> None:
    os.kill(site.child("postgres"), signal.SIGKILL)
    assert site.wait_for("/health/ready", 503, seconds=5) or site.wait_for("/health/ready", 200, seconds=1)
    assert site.wait_for("/health/ready", 200, seconds=20)


def test_second_copy_takes_the_next_port_and_stops_without_a_trace(site: Copy, second: Path) -> None:
    copy = Copy(second, site.port)
    copy.start()
    try:
        output = f"Port {site.port} is taken, using {site.port + 1}."
        processes = copy.processes()
        code = copy.stop(signal.SIGINT)
        left = wait_until_gone(processes, seconds=2)
    finally:
        copy.kill()
    assert (output in copy.lines, len(processes) > 10, code, left) == (True, True, 0, [])
    assert site.ask("/health/live")[0] == 200


def test_hard_kill_leaves_nothing_and_the_next_start_keeps_data_and_keys(second: Path) -> None:
    copy = Copy(second, free_port())
    copy.start()
    try:
        make_user = "from django.contrib.auth.models import User; User.objects.create(username='kept')"
        copy.manage("shell", "-v", "0", "-c", make_user)
        keys = (copy.data / "secrets").read_text()
        processes = copy.processes()
        # A process that hears nothing, as one does that hangs: the system's request to end does not reach it.
        os.kill(copy.child("worker -Q mail,pdf,lists"), signal.SIGSTOP)
        copy.process.kill()
        copy.process.wait(timeout=10)
        orphans = wait_until_gone(processes, seconds=PATIENCE + 10)
        copy.kill()
        copy.start()
        count = (
            "from django.contrib.auth.models import User; print(User.objects.filter(username='kept').count())"
        )
        kept = copy.manage("shell", "-v", "0", "-c", count)
        processes = copy.processes()
        copy.stop()
        left = wait_until_gone(processes, seconds=2)
    finally:
        copy.kill()
    assert (orphans, kept, (copy.data / "secrets").read_text() == keys, left) == ([], "1", True, [])


AILING = """
import datetime as dt
from django.core.management import call_command
from techfest.core.db.clock import database_now
from tickets.mail.kinds.notice import enqueue_notice
from tickets.models import ProviderOutage
now = database_now()
minutes = lambda count: dt.timedelta(minutes=count)
ProviderOutage.objects.create(id=1, started_at=now - minutes(5), until=now + minutes(60), failures=3, reason="x")
enqueue_notice(to="a@example.org", subject="Old", text="Old", now=now - minutes(30))
call_command("hold_mails")
"""


def test_site_starts_and_stays_while_provider_is_down_and_mails_are_old_and_held(second: Path) -> None:
    """An outage of the provider outlives a restart; it must not close registration."""
    copy = Copy(second, free_port())
    copy.start()
    try:
        copy.manage("shell", "-v", "0", "-c", AILING)
        copy.stop()
        copy.start()
        parts = json.loads(copy.ask("/health/ready")[1])["parts"]
        unwell = {name for name in ("mail", "provider", "restore") if not parts[name]["ok"]}
        (output,) = [line for line in copy.lines if line.startswith("Pages are served. Not well yet: ")]
        named = [f"{name}: {parts[name]['text'][:18]}" in output for name in ("mail", "provider", "restore")]
        page, running = copy.ask("/")[0], copy.process.poll() is None
    finally:
        copy.stop()
        copy.kill()
    assert (unwell, named, page, running) == ({"mail", "provider", "restore"}, [True] * 3, 200, True)


AS_NOBODY = """
import os, sys
from pathlib import Path
from deploy.launcher.processes import Account
from deploy.launcher.stepdown import in_view
os.environ["PYTHON"] = str(Path(sys.executable).resolve())
in_view(Account(65534, 65534), Path(sys.argv[1])).become()
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Runs a command as an ordinary user, who sees the checkout and its Python wherever they lie."""


@pytest.mark.skipif(os.getuid() != 0, reason="this run is one of an ordinary user already")
def test_ordinary_user_can_start_it(folder: Path) -> None:
    nobody = Account(65534, 65534)
    data = folder / "of nobody"
    data.mkdir()
    os.chown(data, nobody.uid, nobody.gid)
    prefix = [sys.executable, "-c", AS_NOBODY, str(data)]
    if subprocess.run([*prefix, "/bin/true"], cwd=ROOT, check=False).returncode != 0:
        pytest.skip(
            "the checkout or its Python lies where an ordinary user may not enter, nor may root mount it"
        )
    copy = Copy(data, free_port(), prefix=prefix)
    copy.start()
    try:
        status = 200 if copy.wait_for("/health/ready", 200, seconds=60) else 503
        owners = owners_of(living(copy.processes()))
        code = copy.stop()
    finally:
        copy.kill()
    assert (status, owners, code) == (200, {nobody.uid}, 0)


@pytest.mark.skipif(
    os.getuid() != 0, reason="an ordinary user has no folder that his own servers may not enter"
)
def test_root_s_closed_folder_sends_the_cluster_elsewhere(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    copy = Copy(closed / "data", free_port())
    copy.start()
    try:
        inside = (copy.data / "postgres").exists()
        command = Path(f"/proc/{copy.child('postgres')}/cmdline").read_bytes().decode().split("\0")
        cluster = Path(command[command.index("-D") + 1])
        code = copy.stop()
    finally:
        copy.kill()
    assert (inside, cluster.parts[:3], cluster.is_dir(), code) == (False, ("/", "var", "lib"), True, 0)
    shutil.rmtree(cluster.parent)
