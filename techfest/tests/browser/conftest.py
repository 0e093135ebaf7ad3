"""Fixtures of the browser tests. They are not in the plugin, because pytest-playwright is loaded after it and would
override them."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from events.models import Event
from techfest.tests.browser.door import log_in
from techfest.tests.browser.pages import PHONE
from tickets.models import Gate, Ticket
from tickets.tests.builders.checkin import fest_today, gate_of, open_event, ticket_for

# Stops network requests that Chromium makes by itself.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
)


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], chromium_without_windows: str
) -> dict[str, Any]:
    """Use the system's Chromium, without its sandbox if the user is root."""
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
    own = {"executable_path": chromium_without_windows, "args": [*QUIET, *sandbox]}
    return {**browser_type_launch_args, **own}


@pytest.fixture(scope="session")
def beside_a_running_loop() -> Iterator[None]:
    """Allow database access although Playwright's event loop runs in this thread; they never run at the same time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def plain_static(settings: Any) -> None:
    """Serve static files under their plain names, as the test server expects."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture
def event(beside_a_running_loop: None, plain_static: None, transactional_db: None, settings: Any) -> Event:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return open_event(fest_today(name="Riverside Tech Fest"), name="Robo Race")


@pytest.fixture
def gate(event: Event) -> Gate:
    return gate_of(event.fest, event)


@pytest.fixture
def ticket(event: Event) -> Ticket:
    return ticket_for(event, name="Asha Raman")


@pytest.fixture
def phone(browser: Browser, live_server: Any, gate: Gate) -> Iterator[BrowserContext]:
    """A phone without a camera, logged in as a volunteer of the gate."""
    with browser.new_context(viewport=PHONE, base_url=live_server.url) as context:
        log_in(context, gate)
        yield context
