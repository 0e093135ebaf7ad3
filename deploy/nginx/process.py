"""Runs a private nginx from a rendered configuration, for tests and benches."""

import contextlib
import getpass
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.nginx.render import Site, render

# Outside the ephemeral range, where a client's own port could be in the way.
PORTS = range(20_000, 30_000)


class NginxError(Exception):
    """nginx did not start; the text is what it said."""


@dataclass(frozen=True)
class RunningNginx:
    """A started nginx: its port on 127.0.0.1, its master's pid and its access log."""

    port: int
    pid: int
    access_log: Path
    error_log: Path


def binary() -> str | None:
    """The nginx program of this machine, None where there is none."""
    return shutil.which("nginx") or shutil.which("/usr/sbin/nginx")


def free_port() -> int:
    """A free TCP port."""
    for _ in range(1000):
        port = secrets.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise NginxError("no free port")


def socket_addresses(folder: Path, name: str) -> tuple[str, str]:
    """Three Unix sockets of the public queue, with commas, and the one of the staff."""
    return ",".join(f"unix:{folder}/{name}{n}.sock" for n in (1, 2, 3)), f"unix:{folder}/{name}-staff.sock"


def private_site(folder: Path, *, upstream: str, static_root: Path, errors: Path) -> Site:
    """A site on a free loopback port whose nginx writes in ``folder`` only and needs no rights."""
    return Site(
        upstream=upstream,
        static_root=static_root,
        errors=errors,
        run=folder,
        logs=folder,
        listen=f"127.0.0.1:{free_port()}",
        workers="2",
        user=getpass.getuser() if os.geteuid() == 0 else None,
    )


@contextlib.contextmanager
def running_nginx(site: Site) -> Iterator[RunningNginx]:
    """nginx for the site, listening when the block begins and ended with it; raises NginxError."""
    program = binary()
    if program is None:
        raise NginxError("nginx is not installed")
    folder = site.run
    folder.mkdir(parents=True, exist_ok=True)
    port = int(site.listen.rpartition(":")[2])
    configuration = folder / "nginx.conf"
    configuration.write_text(render(site))
    command = [program, "-p", str(folder), "-c", str(configuration), "-e", str(folder / "error.log")]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            _wait(process, port)
            yield RunningNginx(port, process.pid, folder / "access.log", folder / "error.log")
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said = process.stderr.read().decode() if process.stderr else ""
            raise NginxError(said or f"nginx ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise NginxError("nginx did not listen within 10 s")
