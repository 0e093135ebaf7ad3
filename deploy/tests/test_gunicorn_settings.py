"""What Gunicorn believes of a request, and how its processes end."""

import runpy
import subprocess
import sys

import pytest
from gunicorn.config import Config

from deploy.launcher.folders import ROOT


def test_no_header_becomes_a_variable_of_the_server() -> None:
    """SCRIPT_NAME and PATH_INFO as headers would lead around nginx's own rules about paths."""
    made = Config()
    written = runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))
    for name in {*written} & {*made.settings}:
        made.set(name, written[name])
    assert (Config().forwarder_headers, made.forwarder_headers, made.header_map) == (
        ["SCRIPT_NAME", "PATH_INFO"],
        [],
        "drop",
    )


@pytest.mark.parametrize(
    ("environment", "log"),
    [
        ({"GUNICORN_BIND": "fd://5"}, "-"),
        ({"GUNICORN_BIND": "unix:/a,unix:/b"}, None),
        ({"LISTEN_FDS": "4", "LISTEN_FDNAMES": "web:web:web:web"}, None),
        ({"LISTEN_FDNAMES": "web:web:web:web"}, None),
    ],
)
def test_requests_are_logged_once(
    environment: dict[str, str], log: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By nginx where it is in front, else by Gunicorn; also after a reload, for which only the names are left."""
    for name in ("LISTEN_FDS", "LISTEN_FDNAMES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))["accesslog"] == log


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("pass", 0),
        ("raise StopIteration", 0),
        ("raise SystemExit(0)", 0),
        ("raise SystemExit(3)", 3),
        ("raise gunicorn.errors.HaltServer('no application', 4)", 4),
    ],
)
def test_process_ends_with_the_code_that_it_was_ending_with(ending: str, code: int) -> None:
    """A master whose workers cannot begin must not end as if all were well."""
    hooks = "import gunicorn.errors, runpy\nhooks = runpy.run_path('deploy/gunicorn.conf.py')\n"
    program = f"{hooks}try:\n    {ending}\nfinally:\n    hooks['worker_exit'](None, None)"
    finished = subprocess.run(
        [sys.executable, "-c", program], check=False, cwd=ROOT, stderr=subprocess.DEVNULL
    )
    assert finished.returncode == code
