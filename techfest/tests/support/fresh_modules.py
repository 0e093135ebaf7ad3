"""Modules executed again, to test what they read on import."""

import importlib.util
from typing import Any

import pytest


def executed(module: str) -> dict[str, Any]:
    """The names of a fresh copy of this module; the imported module stays unchanged."""
    found = importlib.util.find_spec(module)
    if found is None or found.loader is None:
        raise LookupError(module)
    copy = importlib.util.module_from_spec(found)
    found.loader.exec_module(copy)
    return vars(copy)


def fresh_settings(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, Any]:
    """The settings for this environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return executed("techfest.settings")
