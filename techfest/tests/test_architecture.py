"""ARCHITECTURE.md names files, decisions and invariants that exist."""

import re
from collections.abc import Iterator
from pathlib import Path

from deploy.launcher.folders import ROOT

TEXT = (ROOT / "ARCHITECTURE.md").read_text()
APPS = ("events", "registrations", "tickets", "techfest")


def paths_in(text: str) -> set[str]:
    """Paths between backticks; `a/{b,c}/` stands for two."""
    found = set()
    for name in re.findall(r"`([\w.-]+/[\w./{},-]*)`", text):
        start, brace, rest = name.partition("{")
        middles, _brace, end = rest.partition("}")
        found |= {f"{start}{middle}{end}" for middle in middles.split(",")} if brace else {name}
    return found


def sources() -> Iterator[Path]:
    """The product's modules, without tests."""
    for app in APPS:
        yield from (path for path in (ROOT / app).rglob("*.py") if "tests" not in path.parts)


def test_every_path_is_there() -> None:
    named = paths_in(TEXT)
    assert len(named) > 40
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_every_decision_that_code_refers_to_is_described() -> None:
    described = set(re.findall(r"^- \*\*(D\d\d) ", TEXT, re.MULTILINE))
    referred = {name for path in sources() for name in re.findall(r"\bD\d\d\b", path.read_text())}
    assert len(described) > 50
    assert referred <= described


def test_table_of_invariants_has_those_of_the_audit() -> None:
    table = TEXT.partition("## 3. What must stay true")[2].partition("**Lock order**")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| I")]
    described = {number for row in rows for number in re.findall(r"I(\d+)", row)}
    checked = {
        number for path in sources() for number in re.findall(r"@invariant\((\d+)\)", path.read_text())
    }
    assert described == checked
