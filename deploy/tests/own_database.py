"""A PostgreSQL of a test's own that waits for the disk, may be stopped and killed, and is reached over a bad link."""

import contextlib
import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from deploy.launcher import postgres
from deploy.launcher.folders import forget_sockets
from deploy.launcher.processes import Process
from deploy.launcher.words import Refusal
from deploy.nginx.process import free_port


@dataclass
class Database:
    """A cluster and its server."""

    cluster: postgres.Cluster
    process: Process

    def start(self) -> None:
        """Returns when it answers; what a killed server has left may be in the way for a moment."""
        deadline = time.monotonic() + 20
        while True:
            self.process.start()
            try:
                return postgres.wait_until_ready(self.cluster, self.process)
            except Refusal:
                self.process.kill_group()
                if time.monotonic() > deadline:
                    raise

    def end(self, number: signal.Signals) -> None:
        """INT is PostgreSQL's fast shutdown, QUIT its immediate one."""
        connection.close()
        os.kill(self.process.pid, number)
        if self.process.popen is not None:
            self.process.popen.wait(timeout=20)


@contextlib.contextmanager
def running_database() -> Iterator[Database]:
    """A migrated database, which this process's Django speaks to within the block."""
    folder = Path(tempfile.mkdtemp(prefix="techfest-fault-"))
    folder.chmod(0o711)
    (folder / "log").mkdir(mode=0o700)
    release = os.environ.get("TEST_POSTGRES") or "18"
    try:
        cluster = postgres.cluster(folder, machine_version=None if release == "18" else release)
        postgres.make_files(cluster)
        database = Database(cluster, postgres.server(cluster))
        database.start()
        postgres.prepare_roles(cluster)
        try:
            with _speaking_to(cluster):
                call_command("migrate", verbosity=0)
                yield database
        finally:
            database.end(signal.SIGINT)
    finally:
        forget_sockets(folder)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _speaking_to(cluster: postgres.Cluster) -> Iterator[None]:
    with speaking_as(postgres.DATABASE, cluster):
        yield


@contextlib.contextmanager
def speaking_as(role: str, cluster: postgres.Cluster) -> Iterator[None]:
    """This process's Django speaks to the cluster as this role within the block."""
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(NAME=postgres.DATABASE, USER=role, HOST=str(cluster.sockets), PORT="")
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


class Link:
    """A TCP address in front of the server's socket, which forwards until it is switched off.

    ``is_silent``: bytes are taken on both sides and nothing is passed on. ``at_commit`` is what happens to the
    next COMMIT's reply: "cut" ends the connection instead, "swallow" lets everybody wait for ever.
    """

    def __init__(self, cluster: postgres.Cluster) -> None:
        self._target = str(cluster.sockets / ".s.PGSQL.5432")
        self._listener = socket.create_server(("127.0.0.1", free_port()))
        self._open: list[socket.socket] = [self._listener]
        self.is_silent = False
        self.at_commit = ""
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        port = self._listener.getsockname()[1]
        return f"postgresql://{postgres.APPLICATION}@127.0.0.1:{port}/{postgres.DATABASE}"

    def close(self) -> None:
        """Ends everything that goes through it."""
        for one in self._open:
            _end(one)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
                self._open += [client, server]
                pair = _Pair(self, client, server)
                threading.Thread(target=pair.forward_questions, daemon=True).start()
                threading.Thread(target=pair.forward_answers, daemon=True).start()


@dataclass
class _Pair:
    link: Link
    client: socket.socket
    server: socket.socket
    fate: str = ""

    def forward_questions(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.client.recv(65536):
                if b"COMMIT\0" in data:
                    self.fate, self.link.at_commit = self.link.at_commit, ""
                if not self.link.is_silent:
                    self.server.sendall(data)
        _end(self.server)

    def forward_answers(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.server.recv(65536):
                if self.fate == "cut":
                    break
                if not (self.link.is_silent or self.fate):
                    self.client.sendall(data)
        _end(self.client)
        _end(self.server)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
