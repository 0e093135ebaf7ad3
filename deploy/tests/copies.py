"""A running ``deploy/up`` for tests, and what of it is alive."""

import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.launcher.folders import ROOT
from deploy.launcher.processes import birth

_READY_WITHIN = 90.0
_LAST_LINE = "Ctrl-C stops everything; the data stays."
# What deploy/test tells its own processes must not lead another copy to its servers.
_NOT_HANDED_ON = {
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "DATABASE_STATEMENT_TIMEOUT",
    "REDIS_URL",
    "SECRET_KEY",
    "LINK_KEYS",
    "SITE_URL",
    "ALLOWED_HOSTS",
    "STATIC_ROOT",
    "TECHFEST_DATA",
    "EMAIL_PROVIDER",
    "VIRTUAL_ENV",
}


def free_port() -> int:
    """A port outside the ephemeral range that was free a moment ago."""
    for _ in range(1000):
        # By chance, so that two who ask at the same time do not get the same; its successor is free as well.
        port = secrets.choice(range(18_300, 20_000, 2))
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError("no free port")


def living(pids: dict[int, str]) -> list[int]:
    """Which of the processes (number and birth) still run; a zombie does not."""
    return [pid for pid, born in pids.items() if birth(pid) == born and not _is_zombie(pid)]


def wait_until_gone(pids: dict[int, str], *, seconds: float) -> list[int]:
    """Waits for all of them to end; returns those that have not."""
    deadline = time.monotonic() + seconds
    while (left := living(pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def owners_of(pids: Iterable[int]) -> set[int]:
    """The users whose processes these are. One that ends meanwhile, as a PDF process may, has no user any more."""
    owners = set()
    for pid in pids:
        with suppress(FileNotFoundError):
            owners.add(Path(f"/proc/{pid}").stat().st_uid)
    return owners


def children_of(pid: int) -> list[int]:
    """The direct children of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _status(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _is_zombie(pid: int) -> bool:
    return _status(pid)[:1] == ["Z"]


@dataclass
class Copy:
    """One ``deploy/up`` on its own data folder and port."""

    data: Path
    port: int
    prefix: Sequence[str] = ()
    lines: list[str] = field(default_factory=list)
    first_lines: list[str] = field(default_factory=list)
    popen: subprocess.Popen[str] | None = None

    @property
    def process(self) -> subprocess.Popen[str]:
        if self.popen is None:
            raise RuntimeError("not started")
        return self.popen

    def begin(self) -> None:
        """Starts it without waiting."""
        environment = {name: value for name, value in os.environ.items() if name not in _NOT_HANDED_ON}
        environment |= {"TECHFEST_DATA": str(self.data), "PORT": str(self.port), "WEB_CONCURRENCY": "2"}
        self.lines = []
        if self.popen is not None and self.popen.stdout is not None:
            self.popen.stdout.close()  # of the start before
        self.popen = subprocess.Popen(
            [*self.prefix, str(ROOT / "deploy" / "up")],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def start(self) -> None:
        """Starts it and returns when it says that it is ready; ``lines`` is what it printed until then.

        ``first_lines`` is what it printed at its first start.
        """
        self.begin()
        deadline = time.monotonic() + _READY_WITHIN
        output = self.process.stdout
        while output is not None and time.monotonic() < deadline:
            line = output.readline()
            if not line:
                break
            self.lines.append(line.rstrip("\n"))
            if self.lines[-1] == _LAST_LINE:
                self.first_lines = self.first_lines or self.lines
                return
        self.kill()
        raise RuntimeError("deploy/up did not become ready:\n" + "\n".join(self.lines))

    def ask(self, path: str) -> tuple[int, str]:
        """Status and body of a page; 0 when no process listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait_for(self, path: str, status: int, *, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.ask(path)[0] != status:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def processes(self) -> dict[int, str]:
        """Its process and everything below it, each number with its birth."""
        found = {self.process.pid: birth(self.process.pid) or ""}
        numbers = [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]
        parents = {pid: int(fields[1]) for pid in numbers if (fields := _status(pid))}
        grown = True
        while grown:
            new = {pid for pid, parent in parents.items() if parent in found and pid not in found}
            found |= {pid: birth(pid) or "" for pid in new}
            grown = bool(new)
        return found

    def child(self, word: str) -> int:
        """The number of the direct child whose command line holds ``word``."""
        for pid in self.processes():
            fields = _status(pid)
            command = (
                Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if fields
                else ""
            )
            if fields and int(fields[1]) == self.process.pid and word in command:
                return pid
        raise LookupError(word)

    def manage(self, *arguments: str) -> str:
        """Runs ``manage.py`` in a second terminal beside it."""
        environment = {name: value for name, value in os.environ.items() if name not in _NOT_HANDED_ON}
        return subprocess.run(
            [str(ROOT / ".venv" / "bin" / "python"), str(ROOT / "manage.py"), *arguments],
            env={**environment, "TECHFEST_DATA": str(self.data)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to stop and returns its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=20)

    def kill(self) -> None:
        """Ends it by force where it still runs."""
        if self.popen is not None and self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait(timeout=10)
        if self.popen is not None and self.popen.stdout is not None:
            self.popen.stdout.close()
