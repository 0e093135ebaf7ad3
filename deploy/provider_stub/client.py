"""The director's side of the stub: start it, script it, read what it accepted."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class StubError(Exception):
    """The stub did not take the director's call; the text says why."""


@dataclass(frozen=True)
class StubClient:
    """Speaks to a running stub; ``port`` is the product's side, ``control_port`` the director's."""

    port: int
    control_port: int
    pid: int

    @property
    def mailgun_url(self) -> str:
        """The value for MAILGUN_API_URL."""
        return f"http://127.0.0.1:{self.port}/v3"

    @property
    def brevo_url(self) -> str:
        """The value for BREVO_API_URL."""
        return f"http://127.0.0.1:{self.port}/v3/"

    def accepted(self) -> list[dict[str, Any]]:
        """Every accepted message in order: recipients, subject, metadata, key, attachments, text, html."""
        messages: list[dict[str, Any]] = json.loads(self._call("accepted"))
        return messages

    def script(self, **given: object) -> dict[str, Any]:
        """Change ``delay``, ``key_seconds``, ``rules``, ``refuse``; returns the status."""
        status: dict[str, Any] = json.loads(self._call("script", given))
        return status

    def reset(self) -> dict[str, Any]:
        """Forget messages, keys and rules, listen again, back to the delay of the start."""
        status: dict[str, Any] = json.loads(self._call("reset", {}))
        return status

    def status(self) -> dict[str, Any]:
        """Counters, rules left, requests in flight."""
        status: dict[str, Any] = json.loads(self._call("status"))
        return status

    def file(self, sha256: str) -> bytes:
        """The bytes of an accepted attachment."""
        return self._call(f"file/{sha256}")

    def _call(self, call: str, given: dict[str, object] | None = None) -> bytes:
        connection = HTTPConnection("127.0.0.1", self.control_port, timeout=10)
        with contextlib.closing(connection):
            body = None if given is None else json.dumps(given)
            connection.request("GET" if body is None else "POST", f"/__stub__/{call}", body)
            answer = connection.getresponse()
            content = answer.read()
        if answer.status != HTTPStatus.OK:
            raise StubError(f"{call}: {answer.status} {content.decode()}")
        return content


@contextlib.contextmanager
def running_stub(*, delay: float = 0.0) -> Iterator[StubClient]:
    """A stub in a process of its own, ended with the block (or with its starter)."""
    command = [sys.executable, "-m", "deploy.provider_stub", "--delay", str(delay), "--with-stdin"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the stub was started without pipes")
        try:
            yield StubClient(**json.loads(process.stdout.readline()))
        finally:
            process.terminate()
            process.wait(timeout=5)
