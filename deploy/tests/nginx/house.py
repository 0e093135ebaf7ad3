"""nginx with the shipped configuration, a small application under Gunicorn behind it, and their words."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.nginx.process import RunningNginx

ROOT = Path(__file__).resolve().parents[3]
ERRORS = ROOT / "static" / "errors"
HASHED = "app.0123456789ab.css"
TOKEN = "sEcReT0123456789abcdef"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class House:
    """nginx, the application behind it at ``sockets``, and what each wrote down."""

    nginx: RunningNginx
    folder: Path
    sockets: str
    gunicorn: subprocess.Popen[bytes] | None = None

    def start_application(self, *, workers: int = 2, backlog: int = 64) -> None:
        command = [sys.executable, "-m", "gunicorn", "deploy.tests.nginx.upstream:application"]
        command += ["--workers", str(workers), "--backlog", str(backlog), "--graceful-timeout", "2"]
        command += [word for address in self.sockets.split(",") for word in ("--bind", address)]
        environment = os.environ | {"UPSTREAM_LOG": str(self.folder / "upstream.log")}
        log = (self.folder / "gunicorn.log").open("ab")
        with log:
            self.gunicorn = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        wait_for(lambda: self.get("/").status == 200)

    def stop_application(self) -> None:
        """End Gunicorn. It kills workers that miss the signal because they have only just started."""
        ending, self.gunicorn = self.gunicorn, None
        if ending is not None:
            ending.terminate()
            ending.wait(timeout=20)

    def get(self, path: str, body: bytes | None = None, *, method: str = "GET", **headers: str) -> Answer:
        return ask(self.nginx.port, path, body, method=method, **headers)

    def raw(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.nginx.port), timeout=20) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def reached(self) -> list[str]:
        log = self.folder / "upstream.log"
        return log.read_text().splitlines() if log.exists() else []


def ask(port: int, path: str, body: bytes | None = None, *, method: str = "GET", **headers: str) -> Answer:
    """One request; an underscore in a header's name stands for its dash."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request(
            method, path, body, {name.replace("_", "-"): text for name, text in headers.items()}
        )
        answer = connection.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())


def wait_for(condition: Callable[[], bool], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so within {seconds} s")
        time.sleep(0.02)
