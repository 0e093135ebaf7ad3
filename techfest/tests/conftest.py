"""The browser of the journeys. It stands here and not in the plugin: pytest-playwright is loaded after that one and
would win."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

# What Chromium would otherwise ask the network for by itself.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], chromium: str) -> dict[str, Any]:
    """pytest-playwright's browser is the machine's own; as root it runs without its sandbox."""
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": chromium, "args": [*QUIET, *sandbox]}


@pytest.fixture(scope="session")
def beside_a_running_loop() -> Iterator[None]:
    """Playwright's loop runs in this thread; the database is used between its turns, never inside one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def plain_static(settings: Any) -> None:
    """The test server finds static files by their own names only."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
