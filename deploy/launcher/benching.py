"""``deploy/bench/run``: one bench, after everything that it needs was built, installed or named."""

import os
import resource
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from . import debian, environment
from .folders import ROOT, VENV
from .words import Refusal

# Program -> the package that brings it.
SITE = {"nginx": "nginx-light"}
PGBENCH = {"pgbench": "postgresql-contrib"}
BENCHES: Mapping[str, Mapping[str, str]] = {
    "rush": SITE,
    "queue": SITE,
    "reserve": SITE | PGBENCH,
    "naive": SITE,
    "busy": SITE,
    "wave": SITE,
    "classlist": SITE,
    "door": SITE,
    "admin": SITE,
    "memory": SITE,
    "pdf": {},
}
"""The benches with the programs that they need."""
MAKE_PDFS = frozenset({"rush", "queue", "naive", "busy", "wave", "memory", "pdf"})


def main(arguments: Sequence[str]) -> int:
    """Run the bench that ``arguments`` begin with; raises ``Refusal`` where something of the machine is missing."""
    name, *options = arguments or [""]
    if name not in BENCHES:
        raise Refusal(f"usage: deploy/bench/run {'|'.join(BENCHES)} [options]")
    environment.build(["embedded"])
    have_programs(BENCHES[name])
    if name in MAKE_PDFS and not debian.have_pdf_libraries():
        return 1
    command = [str(VENV / "bin" / "python"), "-m", f"deploy.bench.{name}", *options]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def have_programs(programs: Mapping[str, str]) -> None:
    """Install the packages of missing programs, or raise ``Refusal`` with the line that does."""
    missing = _missing(programs)
    if missing and debian.install(missing):
        missing = _missing(programs)
    if missing:
        raise Refusal(f"This bench needs: sudo apt-get install {' '.join(missing)}")


def _missing(programs: Mapping[str, str]) -> list[str]:
    return [package for program, package in programs.items() if find(program) is None]


def find(program: str) -> str | None:
    """The program's path, also where Debian keeps it outside of the users' PATH."""
    places = [os.environ.get("PATH", ""), "/usr/sbin", "/usr/lib/postgresql/15/bin"]
    return shutil.which(program, path=os.pathsep.join(places))


def raise_open_files(many: int) -> None:
    """Let this process and its children open so many files; raises ``Refusal`` where the machine forbids it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < many:
        raise Refusal(f"So many visitors need {many} open files, this shell allows {hard} (ulimit -Hn).")
    if soft != resource.RLIM_INFINITY and soft < many:
        resource.setrlimit(resource.RLIMIT_NOFILE, (many, hard))
