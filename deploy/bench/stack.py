"""The whole product and its peers, started for a bench and ended with it.

One PostgreSQL that waits for the disk, one Redis, one stub of the provider; for the product and for each peer
a Gunicorn of its own with the shipped settings and an nginx of its own with the shipped configuration.
"""

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from deploy.bench.accounting import cpu_seconds, memory_mib
from deploy.launcher import configuration, procfile, servers, staticfiles
from deploy.launcher.folders import ROOT, forget_sockets
from deploy.launcher.manage import manage
from deploy.launcher.processes import Process
from deploy.launcher.supervisor import Supervisor
from deploy.launcher.words import Refusal
from deploy.nginx.process import free_port, private_site, running_nginx, socket_addresses
from deploy.provider_stub import StubClient, running_stub

ERRORS = ROOT / "static" / "errors"
# The naive endpoint answers after minutes; the limits are lifted so that it can be seen doing so.
PATIENT = 900


@dataclass
class Stack:
    """What runs: the ports of the product (``techfest``) and of the peers, and every part's process."""

    folder: Path
    variables: dict[str, str]
    stub: StubClient
    supervisor: Supervisor
    processes: list[Process] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=dict)
    parts: dict[str, int] = field(default_factory=dict)

    def cpu(self) -> dict[str, float]:
        """Processor seconds of each part so far."""
        return {name: cpu_seconds(pid) for name, pid in self.parts.items()}

    def memory(self) -> dict[str, float]:
        """Proportional memory of each part in MiB."""
        return {name: round(memory_mib(pid), 1) for name, pid in self.parts.items()}

    def manage(self, *arguments: str) -> str:
        """Run a command of the product's manage.py on the bench's database."""
        return manage(self.variables, *arguments)

    def restarts(self) -> dict[str, int]:
        """How often each part had ended and was started again; empty where all went well."""
        return dict(self.supervisor.restarts)

    def keep_running(self, ended: threading.Event) -> None:
        """Start again what has ended, as the launcher and systemd do, until the event is set."""
        while not ended.wait(0.2):
            self.supervisor.revive()
            self.parts |= {process.name: process.pid for process in self.processes}

    def postgresql(self) -> str:
        """The release of the database server."""
        with psycopg.connect(self.variables["DATABASE_URL"]) as connection:
            row = connection.execute("SHOW server_version").fetchone()
        return str(row[0]) if row else ""

    def audit(self) -> dict[str, Any]:
        """What ``manage.py audit`` says of the bench's database: whether it is clean, and its words."""
        try:
            return {"clean": True, "said": self.manage("audit")}
        except Refusal as refusal:
            return {"clean": False, "said": str(refusal)}

    def load(self, site: str, mode: str, *arguments: str) -> dict[str, Any]:
        """Run the load client in a process of its own; its report, with each part's processor seconds."""
        command = [
            sys.executable,
            "-m",
            "deploy.bench.load",
            mode,
            "--port",
            str(self.ports[site]),
            *arguments,
        ]
        before = self.cpu()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        report: dict[str, Any] = json.loads(done.stdout)
        report["cpu_seconds"] = self.spent_since(before)
        return report

    def spent_since(self, before: dict[str, float]) -> dict[str, float]:
        """Processor seconds of each part since ``before``."""
        return {name: round(now - before.get(name, 0.0), 2) for name, now in self.cpu().items()}


@contextlib.contextmanager
def running_stack(*, peers: Sequence[str] = (), delay: float = 0.0, workers: bool = True) -> Iterator[Stack]:
    """Everything up and migrated, ``delay`` seconds before each answer of the provider; ended with the block.

    Without ``workers`` only the web part of the Procfile runs: no PDFs are made and no mails sent.
    """
    folder = Path(tempfile.mkdtemp(prefix="techfest-bench-"))
    folder.chmod(0o711)
    (folder / "log").mkdir(mode=0o700)
    try:
        with contextlib.ExitStack() as ending:
            supervisor = ending.enter_context(Supervisor(folder / "processes.json"))
            stub = ending.enter_context(running_stub(delay=delay))
            stack = _start(folder, supervisor, stub, peers, ending, workers=workers)
            ending.enter_context(_kept_running(stack))
            yield stack
    finally:
        forget_sockets(folder)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _kept_running(stack: Stack) -> Iterator[None]:
    ended = threading.Event()
    keeper = threading.Thread(target=stack.keep_running, args=[ended], name="keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()


def _start(
    folder: Path,
    supervisor: Supervisor,
    stub: StubClient,
    peers: Sequence[str],
    ending: contextlib.ExitStack,
    *,
    workers: bool,
) -> Stack:
    version = "15" if Path("/usr/lib/postgresql/15/bin/postgres").exists() else None
    addresses = servers.start(supervisor, folder, machine_version=version)
    port = free_port()
    settings = {
        **configuration.kept_secrets(folder),
        # The peers' databases are made by the same address.
        "DATABASE_URL": addresses.owner,
        "REDIS_URL": addresses.redis,
        "STATIC_ROOT": str(staticfiles.collected()),
        "SITE_URL": f"http://127.0.0.1:{port}",
        "REQUIRE_SECOND_FACTOR": "off",
        "EMAIL_PROVIDER": "mailgun",
        "MAILGUN_API_KEY": "bench",
        "MAILGUN_API_URL": stub.mailgun_url,
        "MAILGUN_SENDER_DOMAIN": "example.org",
        "MAILGUN_WEBHOOK_SIGNING_KEY": "bench",
    }
    stack = Stack(folder, configuration.for_processes(folder, settings), stub, supervisor)
    stack.parts["provider stub"] = stub.pid
    manage(stack.variables, "migrate", "--noinput", "--verbosity=0")
    variables = stack.variables | {"GUNICORN_BIND": ",".join(socket_addresses(folder, "techfest"))}
    for process in procfile.read(variables, log=folder / "log"):
        if workers or process.name == "web":
            supervisor.start(process)
            stack.processes.append(process)
            stack.parts[process.name] = process.pid
    for peer in peers:
        _start_peer(stack, supervisor, peer)
    for site, at in (("techfest", port), *((peer, None) for peer in peers)):
        _start_nginx(stack, site, at, ending)
    stack.parts |= _server_pids(folder)
    for site in stack.ports:
        _wait(stack, site)
    return stack


def _start_nginx(stack: Stack, site: str, port: int | None, ending: contextlib.ExitStack) -> None:
    public, staff = socket_addresses(stack.folder, site)
    private = private_site(
        stack.folder / f"nginx-{site}",
        upstream=public,
        static_root=Path(stack.variables["STATIC_ROOT"]),
        errors=ERRORS,
    )
    nginx = ending.enter_context(
        running_nginx(
            replace(
                private,
                listen=f"127.0.0.1:{port}" if port else private.listen,
                staff_upstream=staff,
                answer_seconds=PATIENT if site == "naive" else private.answer_seconds,
            )
        )
    )
    stack.ports[site] = nginx.port
    stack.parts["nginx" if site == "techfest" else f"nginx of {site}"] = nginx.pid


def _start_peer(stack: Stack, supervisor: Supervisor, peer: str) -> None:
    """A database, its tables, and a Gunicorn with the product's own settings."""
    with psycopg.connect(stack.variables["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(peer)))
    url = peer_database(stack.variables["DATABASE_URL"], peer)
    variables = stack.variables | {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": f"deploy.bench.{peer}.settings",
        "GUNICORN_BIND": ",".join(socket_addresses(stack.folder, peer)),
        "PYTHONPATH": str(ROOT),
    }
    if peer == "naive":
        variables["GUNICORN_CMD_ARGS"] = f"--timeout {PATIENT}"
    django = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity=0"]
    subprocess.run(django, env=variables, cwd=ROOT, check=True)
    gunicorn = str(Path(sys.executable).with_name("gunicorn"))
    command = [gunicorn, "--config", "deploy/gunicorn.conf.py", f"deploy.bench.{peer}.wsgi"]
    process = Process(peer, command, variables, stack.folder / "log" / f"{peer}.log", folder=ROOT)
    supervisor.start(process)
    stack.parts[peer] = process.pid


def peer_database(url: str, peer: str) -> str:
    """The address of a peer's database, in the same cluster as the product's."""
    head, _, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{peer}" + (f"?{query}" if query else "")


def _server_pids(folder: Path) -> dict[str, int]:
    recorded = json.loads((folder / "processes.json").read_text())
    pids = {}
    for pid in map(int, recorded):
        program = Path(f"/proc/{pid}/comm").read_text().strip()
        if program.startswith(("postgres", "redis", "valkey")):
            pids["database" if program.startswith("postgres") else "redis"] = pid
    return pids


def _wait(stack: Stack, site: str, *, seconds: float = 60) -> None:
    """Until the site shows its form; raises ``Refusal`` with the end of its log where it does not in time."""
    deadline = time.monotonic() + seconds
    while not _shows_form(stack.ports[site]):
        if time.monotonic() > deadline:
            log = stack.folder / "log" / ("web.log" if site == "techfest" else f"{site}.log")
            end = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise Refusal(f"{site} does not answer within {seconds:g} s. The end of its log:\n{end}")
        time.sleep(0.1)


def _shows_form(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection), contextlib.suppress(OSError):
        connection.request("GET", "/register/")
        return connection.getresponse().status == 200
    return False
