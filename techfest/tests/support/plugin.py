"""The pytest plugin of the project: real servers, no network except loopback, and shared fixtures."""

import gc
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from techfest.tests.support import flushing, kept_rows, kinds, scheduling
from techfest.tests.support.programs import find_program
from techfest.tests.support.workers import WorkerFactory, running_workers

_REAL_CONNECT = socket.socket.connect
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", "0.0.0.0", "::"})  # noqa: S104  # compared, never bound


# pytest-django reads the settings as soon as pytest has begun.
scheduling.part_ways()


class NetworkRefused(Exception):
    """A test tried to connect to another machine."""


def _connect(self: socket.socket, address: Any) -> None:
    if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in _LOOPBACK:
        raise NetworkRefused(f"tests stay on this machine: {address[0]}")
    _REAL_CONNECT(self, address)


def pytest_configure(config: pytest.Config) -> None:
    socket.socket.connect = _connect  # type: ignore[method-assign,assignment]  # the guard of the whole run
    flushing.install()


def pytest_unconfigure(config: pytest.Config) -> None:
    socket.socket.connect = _REAL_CONNECT  # type: ignore[method-assign]  # taken back


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> scheduling.Sharing:
    return scheduling.Sharing(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    kinds.mark(items)  # before pytest selects by `-m`
    if scheduling.number_of_this_process() is not None:
        items[:] = scheduling.in_order(items)


def pytest_collection_finish() -> None:
    """Let the garbage collector skip what lives until the end: thousands of tests and all modules."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def keep_rows(
    request: pytest.FixtureRequest,
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[kept_rows.KeepRows]:
    """Make rows that all tests of the module start from: `keep_rows(make)`; for modules that never commit."""
    forget_everything()
    request.node.stash[kept_rows.FOLDER] = folder = tmp_path_factory.mktemp("kept")
    with django_db_blocker.unblock(), kept_rows.kept_rows(folder) as keep:
        yield keep


@pytest.fixture(autouse=True)
def data_folder(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Path:
    """Give each test its own folder for media and mails."""
    if kept := _module(request).stash.get(kept_rows.FOLDER, None):
        shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    settings.DATA = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    return tmp_path


def _module(request: pytest.FixtureRequest) -> pytest.Module:
    found: pytest.Module | None = request.node.getparent(pytest.Module)
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def fresh_memory() -> None:
    """Clear the caches of the process before each test."""
    forget_everything()


def forget_everything() -> None:
    from events import cache
    from registrations import schools

    cache.forget()
    schools.forget()


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["techfest.tests.support.passwords.QuickHasher"]


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The broker's URL in the format of redis-py."""
    return str(settings.REDIS_URL)


@pytest.fixture
def flushed_redis(redis_url: str) -> Iterator[Any]:
    """A client of the broker; its queues are emptied before and after the test."""
    from redis import Redis

    with Redis.from_url(redis_url) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def celery_worker(transactional_db: None, data_folder: Path, flushed_redis: Any) -> Iterator[WorkerFactory]:
    """Start real Celery workers on the test database; they are stopped by PID after the test."""
    with running_workers(data_folder) as start:
        yield start


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium."""
    return find_program("chromium", "chromium-browser")


@pytest.fixture(scope="session")
def chromium_without_windows() -> str:
    """The path of Chromium's shell, which needs a third less of the processor, or else that of Chromium."""
    return find_program("chromium-headless-shell", "chromium", "chromium-browser")


@pytest.fixture(scope="session")
def nginx() -> str:
    return find_program("nginx")


@pytest.fixture(scope="session")
def read_qr() -> Callable[[Path], list[str]]:
    """Decode the QR codes of a picture with zbarimg."""
    from techfest.tests.support.programs import decoded

    return decoded
