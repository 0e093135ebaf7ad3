"""One nginx for all of these tests; the application behind it is started anew where a test ended it."""

import contextlib
import gzip
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.nginx.process import binary, private_site, running_nginx, socket_addresses
from deploy.tests.nginx.house import ERRORS, HASHED, House


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.nginx)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    if binary() is None:
        pytest.skip("nginx is not installed")
    folder = tmp_path_factory.mktemp("nginx")
    static = folder / "static"
    static.mkdir()
    for name in (HASHED, "app.css"):
        (static / name).write_text("body{}" * 400)
    (static / f"{HASHED}.gz").write_bytes(gzip.compress(b"/* compressed beforehand */"))
    # A Unix socket's path may have 107 bytes, a test's folder has more.
    with tempfile.TemporaryDirectory(prefix="tf-") as short, contextlib.ExitStack() as ending:
        public, staff = socket_addresses(Path(short), "web")
        site = private_site(folder / "run", upstream=public, static_root=static, errors=ERRORS)
        site = replace(site, staff_upstream=staff, per_network=50, staff_per_network=50, answer_seconds=10)
        house = House(ending.enter_context(running_nginx(site)), folder, f"{public},{staff}")
        try:
            house.start_application()
            yield house
        finally:
            house.stop_application()


@pytest.fixture
def house(running: House) -> House:
    if running.gunicorn is None:
        running.start_application()
    (running.folder / "upstream.log").write_text("")
    return running
