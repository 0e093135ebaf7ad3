"""The systemd units are examples that must not drift from the Procfile."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "deploy" / "systemd"
PROGRAMS = "/srv/techfest/.venv/bin/"


def procfile() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return {name: command.strip() for name, _, command in (line.partition(":") for line in lines)}


def settings(unit: Path) -> dict[str, str]:
    lines = [line for line in unit.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def started(unit: Path) -> str:
    """The unit's command as the Procfile writes it: niceness in front, no escapes."""
    found = settings(unit)
    nice = f"nice -n {found['Nice']} " if "Nice" in found else ""
    return nice + found["ExecStart"].removeprefix(PROGRAMS).replace("%%", "%")


def test_each_process_of_the_procfile_has_a_unit_with_the_same_command() -> None:
    units = {unit.stem.removeprefix("techfest-"): started(unit) for unit in UNITS.glob("*.service")}
    assert units == procfile()


def test_target_wants_every_unit() -> None:
    wanted = settings(UNITS / "techfest.target")["Wants"].split()
    assert sorted(wanted) == sorted(unit.name for unit in UNITS.glob("*.service"))


def test_units_name_no_secret() -> None:
    text = "".join(unit.read_text() for unit in UNITS.iterdir())
    assert [name for name in ("SECRET_KEY=", "LINK_KEYS=", "PASSWORD") if name in text] == []
