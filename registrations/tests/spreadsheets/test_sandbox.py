"""What the process that opens workbooks cannot do once it is confined, and could do without the filter."""

import os
import platform
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from registrations.spreadsheets import sandbox
from registrations.spreadsheets.reader import read_file
from registrations.spreadsheets.workbook import COMMAND
from registrations.tests.builders.spreadsheets import xlsx_bytes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the filter is one of Linux")

# Runs as the reader does: the module's own names, then the wall or a part of it, then two descriptors are given back.
PROCESS = """
import ctypes, os, resource, signal, socket, subprocess, sys
from registrations.spreadsheets import workbook_process
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
workbook_process.{wall}()
os.close(0)
os.close(2)
{attempt}
os.write(1, b"done")
"""
ATTEMPTS = {
    "reading a file": "os.open('/etc/passwd', os.O_RDONLY)",
    "making a file": "os.open('{folder}/made', os.O_WRONLY | os.O_CREAT)",
    "listing a folder": "os.listdir('/')",
    "making a folder": "os.mkdir('{folder}/made')",
    "removing a file": "os.unlink('{folder}/there')",
    "renaming a file": "os.rename('{folder}/there', '{folder}/elsewhere')",
    "a TCP socket": "socket.socket(socket.AF_INET)",
    "a Unix socket": "socket.socket(socket.AF_UNIX)",
    "a pair of sockets": "socket.socketpair()",
    "a fork": "os.fork() or os._exit(0)",
    "another program": "os.execv('/bin/sh', ['/bin/sh', '-c', 'printf done'])",
    "a child with another program": "os.posix_spawn('/bin/true', ['/bin/true'], {{}})",
    "a signal to the web server": "os.kill(os.getppid(), 0)",
    "other limits for the web server": "resource.prlimit(os.getppid(), resource.RLIMIT_CPU)",
    "tracing": "ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0 or 1 / 0",
    "a namespace": "ctypes.CDLL(None).unshare(0x20000000) == 0 or 1 / 0",
}
NEED_ROOT = {"a namespace"}
HEAVY = {"django", "celery", "kombu", "redis", "psycopg", "asyncio"}


def run(folder: Path, attempt: str, *, wall: str) -> bool:
    """Return whether the attempt succeeded behind this wall."""
    (folder / "there").touch()
    code = PROCESS.format(wall=wall, attempt=ATTEMPTS[attempt].format(folder=folder))
    finished = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        timeout=30,
    )
    return finished.stdout == b"done"


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_confined_process_can_not(attempt: str, tmp_path: Path) -> None:
    assert run(tmp_path, attempt, wall="restrict") is False


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_limits_alone_do_not_stop_it(attempt: str, tmp_path: Path) -> None:
    """Negative control: without the filter, everything tried above is possible."""
    if attempt in NEED_ROOT and os.getuid() != 0:
        pytest.skip("without the filter only root may do it")
    assert run(tmp_path, attempt, wall="limit") is True


def test_refused_call_is_an_error_and_ends_nothing() -> None:
    code = "from registrations.spreadsheets.sandbox import confine; import os; confine(); os.fork()"
    finished = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (finished.returncode, finished.stderr.splitlines()[-1]) == (
        1,
        "PermissionError: [Errno 1] Operation not permitted",
    )


def test_process_can_still_abort() -> None:
    """The reader's native code aborts by a signal to itself, which must not look like a bad file."""
    code = "from registrations.spreadsheets.sandbox import confine; import os; confine(); os.abort()"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGABRT


def test_kernel_says_that_the_filter_is_there_and_no_privilege_can_come_back() -> None:
    code = (
        "from registrations.spreadsheets.sandbox import confine; status = open('/proc/self/status');"
        " confine(); print(status.read())"
    )
    output = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True).stdout
    words = dict(line.split(":\t", 1) for line in output.splitlines() if ":\t" in line)
    assert (words["NoNewPrivs"].strip(), words["Seccomp"].strip()) == ("1", "2")


def test_process_that_opens_workbooks_imports_neither_django_nor_celery() -> None:
    """Its processor time is limited to one second, and importing them takes a good part of it."""
    code = f"import {COMMAND[-1]}, sys; print({{name.partition('.')[0] for name in sys.modules}} & {HEAVY})"
    command = [*COMMAND[:-2], "-c", code]
    printed = subprocess.run(
        command, cwd=Path.cwd(), env={}, check=True, capture_output=True, text=True
    ).stdout
    assert printed == "set()\n"


def test_good_workbook_is_read_behind_the_filter() -> None:
    rows = read_file(xlsx_bytes([["Name", "Grade"], ["Asha Rao", "8"]])).rows
    assert [list(row.cells) for row in rows] == [["Name", "Grade"], ["Asha Rao", "8"]]


def test_confine_reports_an_unknown_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    monkeypatch.setattr(resource, "setrlimit", lambda name, maximum: limits.append((name, maximum)))
    assert (sandbox.confine(), limits) == (False, [(resource.RLIMIT_NPROC, (0, 0))])
