"""The systemd units are examples that must not drift from the Procfile."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.nginx.render import Site
from techfest.tests.support.programs import find_program

ROOT = Path(__file__).resolve().parents[3]
UNITS = ROOT / "deploy" / "systemd"
PROGRAMS = "/srv/techfest/.venv/bin/"


def procfile() -> dict[str, str]:
    written = (ROOT / "Procfile").read_text().splitlines()
    return {name: command.strip() for name, _, command in (line.partition(":") for line in written)}


def lines(unit: Path) -> list[str]:
    return [line for line in unit.read_text().splitlines() if "=" in line and not line.startswith("#")]


def settings(unit: Path) -> dict[str, str]:
    return {name: value for name, _, value in (line.partition("=") for line in lines(unit))}


def started(unit: Path) -> str:
    """The unit's command as the Procfile writes it: niceness in front, no escapes."""
    found = settings(unit)
    nice = f"nice -n {found['Nice']} " if "Nice" in found else ""
    return nice + found["ExecStart"].removeprefix(PROGRAMS).replace("%%", "%")


def test_each_process_of_the_procfile_has_a_unit_with_the_same_command() -> None:
    units = {unit.stem.removeprefix("techfest-"): started(unit) for unit in UNITS.glob("*.service")}
    assert units == procfile()


def test_each_process_that_ends_is_started_again() -> None:
    units = {unit.name: settings(unit) for unit in UNITS.glob("*.service")}
    assert {(unit["Restart"], unit["RestartSec"]) for unit in units.values()} == {("always", "1")}
    assert {unit["StartLimitIntervalSec"] for unit in units.values()} == {"0"}


def test_target_wants_every_unit() -> None:
    wanted = settings(UNITS / "techfest.target")["Wants"].split()
    assert sorted(wanted) == sorted(unit.name for unit in UNITS.glob("*.service"))


def test_sockets_are_those_of_nginx_and_hold_the_whole_queue() -> None:
    text = (UNITS / "techfest-web.socket").read_text()
    public = [f"/run/techfest/web{number}.sock" for number in (1, 2, 3)]
    assert re.findall("ListenStream=(.+)", text) == [*public, "/run/techfest/staff.sock"]
    backlog = int(settings(UNITS / "techfest-web.socket")["Backlog"])
    site = Site(upstream="", static_root=ROOT, errors=ROOT, run=ROOT, logs=ROOT)
    assert site.places <= len(public) * backlog
    command = [sys.executable, "-m", "deploy.nginx.render", "--name", "fest.example", "--static", "/static"]
    rendered = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall("server unix:(.+) max_fails", rendered) == [*public, "/run/techfest/staff.sock"]


def test_units_name_no_secret() -> None:
    text = "".join(unit.read_text() for unit in UNITS.iterdir())
    assert [name for name in ("SECRET_KEY=", "LINK_KEYS=", "PASSWORD") if name in text] == []


# What each service must say, and systemd's figure below which it must stay (10 is no protection at all).
HARDENING = {
    "User=techfest",
    "StateDirectoryMode=0700",
    "UMask=0077",
    "LimitCORE=0",
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged",
    "SystemCallErrorNumber=EPERM",
    "SystemCallArchitectures=native",
    "CapabilityBoundingSet=",
}
MAX_EXPOSURE = 20  # tenths
# The target's programs lie where the units say, which is not on the machine that runs the tests.
NOT_INSTALLED = "is not executable: No such file or directory"


@pytest.mark.parametrize("unit", sorted(UNITS.glob("*.service")), ids=lambda unit: unit.stem)
def test_every_service_is_hardened(unit: Path) -> None:
    assert HARDENING - set(lines(unit)) == set()


@pytest.mark.parametrize("unit", sorted(UNITS.glob("*.service")), ids=lambda unit: unit.stem)
def test_systemd_finds_the_service_well_protected(unit: Path) -> None:
    program = find_program("systemd-analyze")
    command = [program, "security", "--offline=yes", f"--threshold={MAX_EXPOSURE}", str(unit)]
    verified = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout


def test_systemd_can_read_every_unit() -> None:
    program = find_program("systemd-analyze")
    units = [str(unit) for unit in UNITS.iterdir()]
    output = subprocess.run([program, "verify", *units], check=False, capture_output=True, text=True).stderr
    assert [line for line in output.splitlines() if NOT_INSTALLED not in line] == []
