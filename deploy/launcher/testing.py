"""``deploy/test``: the whole suite on real servers of its own, or one kind of tests, or the fast part."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import checking, configuration, debian, environment, servers, staticfiles
from .folders import ROOT, VENV, forget_sockets
from .supervisor import Stopped, Supervisor
from .words import Refusal, say

# Program -> the package that brings it. Nothing of the site needs them, only tests do.
TEST_PROGRAMS = {
    "nginx": "nginx-light",
    "chromium": "chromium",
    "zbarimg": "zbar-tools",
    "pdftoppm": "poppler-utils",
}
# What two processes need to share the tests; on two cores a third gains nothing.
SHARED_OUT = ("-n", "2", "--no-loadscope-reorder")
FOR_ONE = ("-n", "--numprocesses", "-s", "--capture=no", "--pdb", "--trace")
SELECTIONS = ("fast", "unit", "integration", "browser", "faults")
"""Marks that the first argument may name: techfest/tests/support/kinds.py sets them."""


def main(arguments: Sequence[str]) -> int:
    """Runs pytest with ``arguments`` (after an optional name of a selection) and returns its exit code.

    Without paths two processes share the tests. ``checks`` alone runs the checks of the text instead."""
    arguments = list(arguments)
    if arguments and arguments[0] in SELECTIONS:
        arguments = ["-m", *arguments]
    environment.build(["dev", "embedded"])
    if arguments == ["checks"]:
        return checking.main()
    debian.have_pdf_libraries()
    missing = missing_programs()
    data = Path(tempfile.mkdtemp(prefix="techfest-test-"))
    data.chmod(0o711)
    (data / "log").mkdir(mode=0o700)
    try:
        with Supervisor(data / "processes.json") as supervisor:
            variables = prepare(supervisor, data)
            code = run_pytest(supervisor, variables, shared_out(arguments))
    except Stopped as stopped:
        say(f"{stopped}: the tests were stopped.")
        code = 130
    finally:
        forget_sockets(data)
        shutil.rmtree(data, ignore_errors=True)
    for program, package in missing.items():
        say(f"skipped: everything that needs {program} (sudo apt-get install {package})")
    return code


def shared_out(arguments: Sequence[str]) -> Sequence[str]:
    """``arguments``, and what lets two processes share the tests where no path and no number of them is named.

    Who names paths looks closely: one process, in pytest's order, with all that pytest can do.
    """
    one = any(word.startswith(FOR_ONE) or _is_path(word) for word in arguments)
    return arguments if one else [*SHARED_OUT, *arguments]


def _is_path(word: str) -> bool:
    # A long expression after -k is no file's name for the system.
    with contextlib.suppress(OSError):
        return bool(word) and (ROOT / word.partition("::")[0]).exists()
    return False


def missing_programs() -> dict[str, str]:
    """What of the tests' programs is still missing after installing what may be installed."""
    missing = {name: package for name, package in TEST_PROGRAMS.items() if not shutil.which(name)}
    if missing and debian.install(list(missing.values())):
        missing = {name: package for name, package in missing.items() if not shutil.which(name)}
    if missing and os.environ.get("CI"):
        raise Refusal(f"Missing for the whole suite: sudo apt-get install {' '.join(missing.values())}")
    return missing


def prepare(supervisor: Supervisor, data: Path) -> Mapping[str, str]:
    """Starts the servers; returns the tests' environment."""
    version = os.environ.get("TEST_POSTGRES") or "18"
    # 18 is the wheel's release; any other is one of the machine's.
    addresses = servers.start(
        supervisor, data, machine_version=None if version == "18" else version, durable=False
    )
    settings = {
        "STATIC_ROOT": str(staticfiles.collected()),
        **configuration.kept_secrets(data),
        # Tests make databases and empty tables, which the application's role may not.
        "DATABASE_URL": addresses.owner,
        "REDIS_URL": addresses.redis,
        "SITE_URL": "http://localhost:8000",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "EMAIL_PROVIDER": "",
        "DEBUG": "off",
        # As Gunicorn's processes have it.
        "DATABASE_STATEMENT_TIMEOUT": "3000",
        # Tests of the second step switch it on for themselves.
        "REQUIRE_SECOND_FACTOR": "off",
    }
    return configuration.for_processes(data, settings)


def run_pytest(supervisor: Supervisor, variables: Mapping[str, str], arguments: Sequence[str]) -> int:
    """Runs pytest on this terminal; on INT or TERM it is asked to end first, its servers after it."""
    command = [str(VENV / "bin" / "python"), "-m", "pytest", *arguments]
    with subprocess.Popen(command, env=dict(variables), cwd=ROOT, start_new_session=True) as tests:
        try:
            while tests.poll() is None:
                supervisor.look(tests.pid)
                time.sleep(0.1)
        except Stopped:
            os.killpg(tests.pid, signal.SIGINT)
            try:
                tests.wait(timeout=8)
            except subprocess.TimeoutExpired:
                os.killpg(tests.pid, signal.SIGKILL)
            raise
    return tests.returncode
