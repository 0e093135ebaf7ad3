"""The tests mirror the tree of the code, and no test module imports another one."""

import ast
from pathlib import Path

import pytest

from deploy.launcher.folders import ROOT

FOLDERS = [ROOT / app / "tests" for app in ("deploy", "events", "registrations", "techfest", "tickets")]
OF_TESTS = frozenset({"applications", "browser", "builders", "faults", "support"})
"""Folders of tests and helpers that stand for no package of the code."""


def imported_tests(source: str, folder: Path) -> list[str]:
    """The test modules that this source of a module in this folder imports, anywhere in it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [ROOT.joinpath(*alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ROOT if not node.level else (folder, *folder.parents)[node.level - 1]
            module = base.joinpath(*(node.module or "").split("."))
            found += [module, *(module / alias.name for alias in node.names)]
    return [str(one.relative_to(ROOT)) for one in found if _is_test_module(one)]


def _is_test_module(path: Path) -> bool:
    return path.name.startswith("test_") and path.with_suffix(".py").exists()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from tickets.tests.test_qr import picture", ["tickets/tests/test_qr"]),
        ("from tickets.tests import builders, test_qr", ["tickets/tests/test_qr"]),
        ("import tickets.tests.test_qr", ["tickets/tests/test_qr"]),
        ("def later():\n    from .test_qr import picture", ["tickets/tests/test_qr"]),
        ("from ..tests.test_qr import picture", ["tickets/tests/test_qr"]),
        ("from tickets.tests.builders import build_answered", []),
        ("from techfest.tests.support.workers import test_database_url", []),
    ],
)
def test_import_of_a_test_module_is_found(source: str, found: list[str]) -> None:
    assert imported_tests(source, ROOT / "tickets" / "tests") == found


@pytest.mark.slow
def test_no_module_imports_a_test_module() -> None:
    files = [file for folder in FOLDERS for file in folder.rglob("*.py")]
    found = {str(file.relative_to(ROOT)): imported_tests(file.read_text(), file.parent) for file in files}
    assert {file: names for file, names in found.items() if names} == {}


def test_each_folder_of_tests_has_the_name_of_the_package_it_tests() -> None:
    below = [folder for tests in FOLDERS for folder in tests.rglob("*") if folder.is_dir()]
    named = [folder for folder in below if folder.name not in OF_TESTS | {"__pycache__"}]
    assert [str(folder) for folder in named if not _tested_by(folder).is_dir()] == []


def _tested_by(folder: Path) -> Path:
    """The package of the code for a folder of tests: the same path without `tests`."""
    app, _tests, *package = folder.relative_to(ROOT).parts
    return ROOT.joinpath(app, *package)
