"""The launcher's parts, on small processes of their own."""

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import environ
import pytest

from deploy.launcher import (
    accounts,
    configuration,
    environment,
    folders,
    listening,
    postgres,
    processes,
    procfile,
    supervisor,
    testing,
)
from deploy.launcher.processes import Account, Process
from deploy.launcher.words import Refusal
from deploy.tests.copies import free_port, wait_until_gone

# Starts a child, writes both numbers down, and waits.
FAMILY = (
    "import os,sys,time,subprocess;"
    "child=subprocess.Popen([sys.executable,'-c','import time;time.sleep(60)']);"
    "open(sys.argv[1],'w').write(f'{os.getpid()} {child.pid}');"
    "time.sleep(60)"
)
STUBBORN = (
    "import signal,time,sys;signal.signal(15,signal.SIG_IGN);open(sys.argv[1],'w').write('x');time.sleep(60)"
)

Make = Callable[[str, str], Process]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes a process of Python code whose argument is a file ``tmp_path/<name>``; ends all of them."""
    made: list[Process] = []

    def one(name: str, code: str) -> Process:
        command = [sys.executable, "-c", code, str(tmp_path / name)]
        made.append(Process(name, command, dict(os.environ), tmp_path / f"{name}.log"))
        return made[-1]

    yield one
    for process in made:
        process.kill_group()


def wait_for(file: Path) -> str:
    deadline = time.monotonic() + 10
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return file.read_text()


def family(file: Path) -> dict[int, str]:
    return {int(pid): processes.birth(int(pid)) or "" for pid in wait_for(file).split()}


def test_stopped_process_takes_its_children_along(make: Make, tmp_path: Path) -> None:
    process = make("family", FAMILY)
    process.start()
    both = family(tmp_path / "family")
    processes.stop([process], seconds=5)
    assert (len(both), wait_until_gone(both, seconds=2)) == (2, [])


def test_process_that_ignores_the_request_is_killed(make: Make, tmp_path: Path) -> None:
    process = make("stubborn", STUBBORN)
    process.start()
    wait_for(tmp_path / "stubborn")
    processes.stop([process], seconds=0.2)
    assert process.popen is not None
    assert process.popen.returncode == -signal.SIGKILL


def test_dead_process_is_started_again_after_a_pause(make: Make, tmp_path: Path) -> None:
    process = make("family", FAMILY)
    with supervisor_without_signals(tmp_path) as watcher:
        watcher.start(process)
        first = family(tmp_path / "family")
        os.kill(process.pid, signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        watcher.look()
        before = process.is_running()
        watcher.watch(time.monotonic() + 1.5)
        running, second = process.is_running(), process.pid
        restarts = dict(watcher.restarts)
    assert (before, running, second in first, wait_until_gone(first, seconds=2)) == (False, True, False, [])
    assert restarts == {"family": 1}


def test_dead_process_is_started_again_while_the_disk_is_full(make: Make, tmp_path: Path) -> None:
    """Neither its log nor the record of what runs can be written: a folder stands where each should be."""
    process = make("family", FAMILY)
    with supervisor_without_signals(tmp_path) as watcher:
        watcher.start(process)
        process.log.unlink()
        process.log.mkdir()
        (tmp_path / "processes.json").unlink()
        (tmp_path / "processes.json").mkdir()
        os.kill(process.pid, signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        watcher.watch(time.monotonic() + 2.0)
        assert process.is_running() is True


class supervisor_without_signals:  # noqa: N801  # reads as a statement
    """A supervisor that leaves pytest's signals as they are."""

    def __init__(self, folder: Path) -> None:
        self._watcher = supervisor.Supervisor(folder / "processes.json")

    def __enter__(self) -> supervisor.Supervisor:
        return self._watcher

    def __exit__(self, *_: object) -> None:
        processes.stop(self._watcher._all(), seconds=1)


def test_left_over_session_is_ended_though_its_leader_is_dead(make: Make, tmp_path: Path) -> None:
    process = make("family", FAMILY)
    process.start()
    both = family(tmp_path / "family")
    record = tmp_path / "processes.json"
    processes.record(record, [process])
    os.kill(process.pid, signal.SIGKILL)
    assert process.popen is not None
    process.popen.wait(timeout=5)
    killed = processes.end_left_over(record, seconds=0.1)
    assert (killed, wait_until_gone(both, seconds=2), record.exists()) == (1, [], False)


def test_number_given_away_again_is_left_alone(make: Make, tmp_path: Path) -> None:
    process = make("family", FAMILY)
    process.start()
    wait_for(tmp_path / "family")
    record = tmp_path / "processes.json"
    record.write_text(json.dumps({str(process.pid): "1"}))
    assert (processes.end_left_over(record, seconds=0.1), process.is_running()) == (0, True)


def test_taken_port_gives_the_next_one(capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", port)),
        listening.listen("127.0.0.1", str(port)) as opened,
    ):
        assert (opened.getsockname()[1], capsys.readouterr().out) == (
            port + 1,
            f"Port {port} is taken, using {port + 1}.\n",
        )


@pytest.mark.parametrize("port", ["", "0", "65536", "http", "-1", "80.0"])
def test_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(Refusal, match=r"^PORT must be a number from 1 to 65535"):
        listening.listen("127.0.0.1", port)


def test_sockets_lie_in_a_short_private_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("long name " * 20)
    made = folders.socket_folder(deep, os.getuid())
    try:
        mode = stat.S_IMODE(made.stat().st_mode)
        assert (len(os.fsencode(made)) <= folders.LONGEST_SOCKET_FOLDER, mode) == (True, 0o700)
        assert folders.socket_folder(deep, os.getuid()) == made
    finally:
        folders.forget_sockets(deep)
    assert not made.exists()


def test_sockets_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    made = folders.socket_folder(tmp_path, os.getuid())
    made.rmdir()
    made.symlink_to(tmp_path)
    try:
        with pytest.raises(Refusal, match="belongs to another user"):
            folders.socket_folder(tmp_path, os.getuid())
    finally:
        made.unlink()


def test_held_folder_is_refused_and_free_again(tmp_path: Path) -> None:
    with (
        folders.locked(tmp_path / "lock", "held"),
        pytest.raises(Refusal, match=r"^held$"),
        folders.locked(tmp_path / "lock", "held"),
    ):
        pass
    with folders.locked(tmp_path / "lock", "held"):
        pass


def test_secrets_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.delenv("LINK_KEYS", raising=False)
    first = configuration.kept_secrets(tmp_path)
    assert configuration.kept_secrets(tmp_path) == first
    assert [len(value) >= 64 for value in first.values()] == [True, True]
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o600


def test_secret_of_the_environment_wins_and_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "from outside")
    assert configuration.kept_secrets(tmp_path)["SECRET_KEY"] == "from outside"
    assert "from outside" not in (tmp_path / "secrets").read_text()


ADDED = (
    "SECRET_KEY_FALLBACKS",
    "SECOND_FACTOR_KEYS",
    "MAILGUN_WEBHOOK_SIGNING_KEY_FALLBACKS",
    "BREVO_WEBHOOK_SECRET_FALLBACKS",
)


@pytest.mark.parametrize("name", ADDED)
@pytest.mark.parametrize("form", ["{name}=key of {name}", "# note=1\n {name} = 'key of {name}' "])
def test_key_that_was_added_to_the_secrets_reaches_processes_and_a_second_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, form: str
) -> None:
    monkeypatch.delenv(name, raising=False)
    configuration.kept_secrets(tmp_path)
    with (tmp_path / "secrets").open("a") as file:
        file.write(form.replace("{name}", name) + "\n")
    settings = configuration.kept_secrets(tmp_path)
    assert configuration.for_processes(tmp_path, settings)[name] == f"key of {name}"
    configuration.publish(tmp_path, settings)
    published: dict[str, str] = {}
    monkeypatch.setattr(environ.Env, "ENVIRON", published)
    environ.Env.read_env(str(tmp_path / "environment"))
    assert published[name] == f"key of {name}"


@pytest.mark.parametrize("name", ADDED)
def test_key_of_the_start_s_environment_reaches_a_second_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "from outside")
    configuration.publish(tmp_path, configuration.kept_secrets(tmp_path))
    assert f"{name}=from outside\n" in (tmp_path / "environment").read_text()
    assert "from outside" not in (tmp_path / "secrets").read_text()


def test_name_that_is_not_read_from_the_secrets_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("SECOND_FACTOR_KEY=x\nDATABASE_URL=y\n")
    with pytest.raises(
        Refusal, match=r"secrets sets DATABASE_URL, SECOND_FACTOR_KEY, which is not read from there"
    ):
        configuration.kept_secrets(tmp_path)


def test_processes_do_not_get_the_address_of_the_tables_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://owner@/fest")
    assert "DATABASE_OWNER_URL" not in configuration.for_processes(tmp_path, {})


def test_folder_behind_a_closed_one_may_not_be_entered(tmp_path: Path) -> None:
    (tmp_path / "closed" / "open").mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    owner = Account((tmp_path / "closed").stat().st_uid, 0)
    stranger = Account(65533, 65533)
    step = tmp_path / "closed" / "open"
    assert (accounts.may_enter(stranger, step), accounts.may_enter(owner, step)) == (False, True)


def test_other_major_version_is_refused_in_one_line() -> None:
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        data.chmod(0o711)
        (data / "postgres").mkdir()
        (data / "postgres" / "PG_VERSION").write_text("12\n")
        try:
            with pytest.raises(Refusal, match=r"was made by PostgreSQL 12, this is 18\. Set TECHFEST_DATA"):
                postgres.cluster(data)
        finally:
            folders.forget_sockets(data)


def test_data_on_a_network_mount_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = "server:/x /mnt/a\\040b nfs4 rw 0 0\n/dev/sda / ext4 rw 0 0\n"
    monkeypatch.setattr(Path, "read_text", lambda self, **_: mounts)
    folders.refuse_network_mount(Path("/mnt/other"))
    with pytest.raises(Refusal, match=r"network mount \(nfs4\)"):
        folders.refuse_network_mount(Path("/mnt/a b/data"))


def test_procfile_names_two_processes_and_only_web_gets_the_port(tmp_path: Path) -> None:
    variables = configuration.for_processes(tmp_path, {})
    found = {
        process.name: process.keep_open for process in procfile.read(variables, log=tmp_path, keep_open=(9,))
    }
    assert found == {"web": (9,), "worker": ()}


def test_procfile_s_processes_have_the_same_share(tmp_path: Path) -> None:
    """The worker steps back by itself while a rush is on, and it holds seats while it registers a class list."""
    found = procfile.read(configuration.for_processes(tmp_path, {}), log=tmp_path)
    assert {process.name: process.niceness for process in found} == {"web": 0, "worker": 0}
    assert {Path(process.arguments[0]).name for process in found} == {"gunicorn", "celery"}


def test_niceness_counts_against_other_sessions(make: Make, tmp_path: Path) -> None:
    process = make("nice", FAMILY)
    process.niceness = 7
    process.start()
    pids = family(tmp_path / "nice")
    assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in pids} == {min(os.nice(0) + 7, 19)}
    if Path("/proc/self/autogroup").exists():
        assert {Path(f"/proc/{pid}/autogroup").read_text().split()[-1] for pid in pids} == {"7"}


# A supervisor with nothing to watch, in a process of its own: leaving it ends all children of its process.
IDLE = (
    "import sys,time;from pathlib import Path;from deploy.launcher import supervisor\n"
    "try:\n"
    "    with supervisor.Supervisor(Path(sys.argv[1]) / 'processes.json') as idle:\n"
    "        print('ready', flush=True)\n"
    "        idle.watch()\n"
    "except supervisor.Stopped as stopped:\n"
    "    print(stopped)\n"
)


def test_interrupt_is_heard_although_the_caller_s_shell_ignores_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", IDLE, str(tmp_path)],
        cwd=folders.ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=10)
        finally:
            process.kill()
    assert (said, process.returncode) == ("SIGINT\n", 0)


@pytest.mark.parametrize(
    "arguments",
    [
        ["-q", "registrations"],
        ["events/tests/test_history.py::test_nothing", "-q"],
        ["-n", "0"],
        ["-n3"],
        ["--pdb"],
        ["-s", "-k", "history"],
    ],
)
def test_named_paths_and_close_looks_are_run_by_one_process(arguments: list[str]) -> None:
    assert testing.shared_out(arguments) == arguments


@pytest.mark.parametrize(
    "arguments",
    [[], ["-q", "--durations=10"], ["-m", "fast"], ["-k", " or ".join(["seat"] * 200)], ["-k", ""]],
)
def test_two_processes_share_everything_else(arguments: list[str]) -> None:
    assert testing.shared_out(arguments) == [*testing.SHARED_OUT, *arguments]


def test_only_package_that_no_lock_names_is_pinned_with_its_hashes() -> None:
    written = (folders.ROOT / "deploy" / "uv.txt").read_text()
    (requirement,) = [line for line in written.splitlines() if line and not line.startswith(("#", " "))]
    assert re.fullmatch(r"uv==\d+\.\d+\.\d+ \\", requirement)
    assert written.count("--hash=sha256:") > 10


def test_uv_with_another_hash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a mirror or an attacker on the way serves instead is not run, not even for its installation."""
    wheel = tmp_path / "uv-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("uv.py", "")
        archive.writestr("uv-1.0.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: uv\nVersion: 1.0.0\n")
        archive.writestr(
            "uv-1.0.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("uv-1.0.0.dist-info/RECORD", "uv.py,,\n")
    monkeypatch.setattr(environment, "_BOOTSTRAP", tmp_path / "own")
    monkeypatch.setattr(environment, "_UV", tmp_path / "uv.txt")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    environment._make_venv(tmp_path / "own")
    installed = []
    for digest in ("0" * 64, hashlib.sha256(wheel.read_bytes()).hexdigest()):
        (tmp_path / "uv.txt").write_text(f"uv @ {wheel.as_uri()} --hash=sha256:{digest}\n")
        environment._uv()
        installed.append(bool(list((tmp_path / "own").rglob("uv.py"))))
    assert installed == [False, True]
