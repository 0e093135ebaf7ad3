"""Starting a process so that nothing of it is ever left behind, and ending it."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from .folders import open_to_append, write_private

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
# The kernel's letters for a zombie and for a process that is just being removed.
_DEAD = frozenset("ZXx")
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Account:
    """The operating system's user that a process runs as."""

    uid: int
    gid: int


@dataclass
class Process:
    """One program in a process group of its own."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    account: Account | None = None
    # Asks the program to end; Linux also sends it when the launcher itself is killed.
    stop_signal: signal.Signals = signal.SIGTERM
    folder: Path | None = None
    niceness: int = 0
    keep_open: tuple[int, ...] = ()
    # Makes root's process one of another user, in place of ``account`` where more than that is to be done.
    become: Callable[[], None] | None = None
    popen: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Starts it; its output goes to the end of its log, or nowhere while that cannot be opened."""
        with self._opened_log() as log:
            self.popen = subprocess.Popen(
                self.arguments,
                env=dict(self.environment),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=self.keep_open,
                preexec_fn=self._before_exec(os.getpid()),
            )

    def _opened_log(self) -> IO[bytes]:
        try:
            return open_to_append(self.log)
        except OSError:
            return Path(os.devnull).open("ab")

    def _before_exec(self, parent: int) -> Callable[[], None]:
        def prepare() -> None:
            os.setsid()
            # No other user may read tickets, mails and logs.
            os.umask(0o077)
            if self.niceness:
                give_way(self.niceness)
            if self.become is not None:
                self.become()
            elif self.account is not None and os.getuid() == 0:
                os.setgroups([])
                os.setgid(self.account.gid)
                os.setuid(self.account.uid)
            # After the change of user, which would forget it.
            if _LIBC is not None:
                _LIBC.prctl(_PR_SET_PDEATHSIG, int(self.stop_signal))
                if os.getppid() != parent:
                    os._exit(1)

        return prepare

    @property
    def pid(self) -> int:
        return self.popen.pid if self.popen else 0

    def is_running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def ask_to_stop(self) -> None:
        if self.is_running():
            os.kill(self.pid, self.stop_signal)

    def kill_group(self) -> None:
        """Kills whatever is left of its process group, children included, and takes their leave."""
        if self.popen is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(timeout=5)


def give_way(niceness: int) -> None:
    """Lets every other program go first: this process and, on Linux, its whole session.

    Linux shares the processor among sessions before it shares it inside one, so that niceness alone would
    count among a worker's own children and give the web workers nothing.
    """
    os.nice(niceness)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(niceness))


def adopt_orphans() -> None:
    """Grandchildren whose parent dies come to this process instead of escaping (Linux)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def children() -> list[int]:
    """The direct children of this process, adopted ones included (Linux; elsewhere none are known)."""
    file = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in file.read_text().split()] if file.exists() else []


def reap_adopted(known: set[int]) -> None:
    """Takes the leave of dead adopted processes, so that no zombie stays; ``known`` have a Popen that does."""
    for pid in children():
        if pid not in known:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def stop(processes: Sequence[Process], *, seconds: float) -> None:
    """Asks all of them to end, waits for at most ``seconds``, then kills what is left of their groups."""
    for process in processes:
        process.ask_to_stop()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(process.is_running() for process in processes):
        time.sleep(0.05)
    for process in processes:
        process.kill_group()


def kill_adopted() -> None:
    """Kills adopted grandchildren until none is there; called when everything else has ended."""
    while left := children():
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def birth(pid: int) -> str | None:
    """When ``pid`` began, in the kernel's ticks: a number that a later process of the same pid does not share."""
    fields = _stat(pid)
    return fields[19] if fields else None


def is_alive(pid: int) -> bool:
    """Whether ``pid`` is a process that can still do something, which a zombie cannot (Linux)."""
    fields = _stat(pid)
    return bool(fields) and fields[0] not in _DEAD


def record(file: Path, processes: Sequence[Process]) -> None:
    """Writes down what runs, for the next start after a hard kill."""
    running = {str(process.pid): birth(process.pid) for process in processes if process.is_running()}
    write_private(file, json.dumps(running))


def end_left_over(file: Path, *, seconds: float = 12.0) -> int:
    """Ends what a hard kill of an earlier launcher left, and says how many processes had to be killed.

    The system has asked them to end already; only what has not after ``seconds`` is killed.
    """
    try:
        # Written by another user it could name any process of the machine.
        recorded = json.loads(file.read_text()) if file.stat().st_uid == os.getuid() else {}
    except (FileNotFoundError, ValueError):
        return 0
    killed = end_sessions(recorded, seconds=seconds)
    file.unlink()
    return killed


def end_sessions(recorded: Mapping[str, str], *, seconds: float) -> int:
    """Waits for the sessions (leader's number -> birth) to empty, kills what is left; says how many that were."""
    deadline = time.monotonic() + seconds
    while (left := _left_over(recorded)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in left:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return len(left)


def _left_over(recorded: Mapping[str, str]) -> list[int]:
    """The living processes of the recorded sessions.

    A number that now has another birth was given away again, which the kernel does only when its session is empty.
    """
    ours = {int(pid) for pid, begun in recorded.items() if birth(int(pid)) in {begun, None}}
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        fields = _stat(int(folder.name))
        if fields and fields[0] not in _DEAD and int(fields[3]) in ours:
            found.append(int(folder.name))
    return found


def _stat(pid: int) -> list[str]:
    """The fields of the kernel's status line after the program's name: state, parent, group, session, …"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
