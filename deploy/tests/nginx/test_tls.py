"""The TLS part of the nginx configuration, and what is believed of a proxy in front of it."""

import contextlib
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import pytest

from deploy.nginx.process import binary, free_port, private_site, running_nginx
from deploy.nginx.render import render

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "sEcReT0123456789abcdef"


@dataclass(frozen=True)
class Front:
    plain: int
    secure: int
    access_log: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def shake_hands(self, context: ssl.SSLContext, name: str = "localhost") -> str | None:
        with (
            socket.create_connection(("127.0.0.1", self.secure), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=name) as secure,
        ):
            return secure.version()


def certificate(folder: Path) -> tuple[Path, Path]:
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-nodes", "-keyout", str(key), "-out", str(cert), "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    if binary() is None or shutil.which("openssl") is None:
        pytest.skip("nginx or openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = certificate(folder)
    secure = free_port()
    with tempfile.TemporaryDirectory(prefix="tf-") as short:
        site = private_site(
            folder / "run",
            upstream=f"unix:{short}/web",
            static_root=folder,
            errors=ROOT / "static" / "errors",
        )
        site = replace(
            site,
            certificate=cert,
            key=key,
            tls_listen=f"127.0.0.1:{secure}",
            trusted_proxies=("127.0.0.2",),
        )
        with running_nginx(site) as nginx, application(f"{short}/web", folder):
            yield Front(nginx.port, secure, nginx.access_log)


@contextlib.contextmanager
def application(path: str, folder: Path) -> Iterator[None]:
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "deploy.tests.nginx.upstream:application",
        "--bind",
        f"unix:{path}",
        "--graceful-timeout",
        "2",
    ]
    environment = os.environ | {"UPSTREAM_LOG": str(folder / "upstream.log")}
    with (folder / "gunicorn.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 10
        while not Path(path).exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def headers_seen(front: Front, *, source: str, **headers: str) -> dict[str, str]:
    connection = HTTPSConnection(
        "localhost", front.secure, timeout=10, context=front.context(), source_address=(source, 0)
    )
    with contextlib.closing(connection):
        connection.request("GET", "/", headers={"Host": "localhost"} | headers)
        seen: dict[str, str] = json.loads(connection.getresponse().read())["headers"]
    return seen


@pytest.mark.parametrize(
    ("version", "spoken"), [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")]
)
def test_present_tls_is_spoken(front: Front, version: ssl.TLSVersion, spoken: str) -> None:
    context = front.context()
    context.minimum_version = context.maximum_version = version
    assert front.shake_hands(context) == spoken


def test_old_tls_is_refused(front: Front) -> None:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{front.secure}", "-tls1_1", "-brief"]
    command += ["-cipher", "DEFAULT@SECLEVEL=0", "-servername", "localhost"]
    done = subprocess.run(command, input=b"", capture_output=True, check=False, timeout=10)
    assert done.returncode != 0


def test_another_name_gets_no_handshake(front: Front) -> None:
    with pytest.raises(ssl.SSLError, match=r"UNRECOGNIZED_NAME"):
        front.shake_hands(front.context(), "evil.example")


def test_plain_port_redirects_and_its_log_keeps_the_secret(front: Front) -> None:
    connection = HTTPConnection("127.0.0.1", front.plain, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", f"/my/{TOKEN}/", headers={"Host": "localhost"})
        answer = connection.getresponse()
    location = f"https://localhost:{front.secure}/my/{TOKEN}/"
    assert (answer.status, answer.headers["Location"]) == (301, location)
    assert TOKEN not in front.access_log.read_text()


def test_own_answers_over_tls_carry_hsts_once(front: Front) -> None:
    connection = HTTPSConnection("localhost", front.secure, timeout=10, context=front.context())
    with contextlib.closing(connection):
        connection.request("PUT", "/", headers={"Host": "localhost"})
        answer = connection.getresponse()
    assert answer.status == 405
    assert answer.headers.get_all("Strict-Transport-Security") == ["max-age=31536000"]


def test_trusted_proxy_is_believed(front: Front) -> None:
    output = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "http"}
    seen = headers_seen(front, source="127.0.0.2", **output)
    assert seen["HTTP_X_FORWARDED_FOR"] == "198.51.100.7"
    assert seen["HTTP_X_FORWARDED_PROTO"] == "http"


def test_anybody_else_is_not_believed(front: Front) -> None:
    output = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
    seen = headers_seen(front, source="127.0.0.3", **output)
    assert seen["HTTP_X_FORWARDED_FOR"] == "127.0.0.3"
    assert seen["HTTP_X_FORWARDED_PROTO"] == "https"


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({}, "max-age=31536000"),
        ({"hsts_subdomains": True}, "max-age=31536000; includeSubDomains"),
        ({"hsts_subdomains": True, "hsts_preload": True}, "max-age=31536000; includeSubDomains; preload"),
    ],
)
def test_hsts_is_for_this_host_unless_asked(tmp_path: Path, changes: dict[str, bool], value: str) -> None:
    site = private_site(tmp_path, upstream="unix:/x", static_root=tmp_path, errors=tmp_path)
    secure = replace(site, certificate=tmp_path, key=tmp_path, **changes)  # type: ignore[arg-type]
    found = set(re.findall(r'Strict-Transport-Security "([^"]*)"', render(secure)))
    assert (found, "Strict-Transport-Security" in render(site)) == ({value}, False)
