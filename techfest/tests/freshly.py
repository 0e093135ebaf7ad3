"""Modules run once more, for what they read when they are imported."""

import importlib.util
from typing import Any

import pytest


def executed(module: str) -> dict[str, Any]:
    """The names of a fresh copy of this module; the one that everybody imports stays as it is."""
    found = importlib.util.find_spec(module)
    if found is None or found.loader is None:
        raise LookupError(module)
    copy = importlib.util.module_from_spec(found)
    found.loader.exec_module(copy)
    return vars(copy)


def fresh_settings(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, Any]:
    """The settings as this environment makes them."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return executed("techfest.settings")
