"""What nginx serves itself, and what it passes on."""

import gzip
import json
import os
import re
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.nginx.process import private_site
from deploy.nginx.render import SiteError, render
from deploy.tests.nginx.house import HASHED, House, wait_for


def test_hashed_static_file_is_immutable_and_sent_as_compressed_beforehand(house: House) -> None:
    answer = house.get(f"/static/{HASHED}", Accept_Encoding="gzip")
    assert answer.status == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert gzip.decompress(answer.body) == b"/* compressed beforehand */"
    assert house.reached() == []


def test_static_file_without_a_hash_is_kept_for_an_hour_only(house: House) -> None:
    answer = house.get("/static/app.css")
    assert (answer.status, answer.headers["cache-control"]) == (200, "public, max-age=3600")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/static/../upstream.log", "/static/%2e%2e/upstream.log", "/static../x", "/static"]
)
def test_static_path_does_not_leave_its_folder(house: House, path: str) -> None:
    assert json.loads(house.get(path).body)["method"] == "GET"
    assert len(house.reached()) == 1


def test_application_sees_the_visitor_and_nothing_the_visitor_claims(house: House) -> None:
    claims = {
        "X_Forwarded_For": "6.6.6.6",
        "X_Forwarded_Proto": "https",
        "X_Forwarded_Host": "evil.example",
        "Forwarded": "for=6.6.6.6",
        "Proxy": "http://evil.example",
        "X_Request_ID": "mine",
    }
    seen = json.loads(house.get("/", None, **claims).body)["headers"]
    assert seen["HTTP_X_FORWARDED_FOR"] == "127.0.0.1"
    assert seen["HTTP_X_FORWARDED_PROTO"] == "http"
    assert re.fullmatch(r"[0-9a-f]{32}", seen["HTTP_X_REQUEST_ID"])
    assert seen["HTTP_HOST"] == f"127.0.0.1:{house.nginx.port}"
    assert {"HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED", "HTTP_PROXY"} & set(seen) == set()


def test_body_of_a_class_list_passes(house: House) -> None:
    answer = house.get("/register/", method="POST", body=b"x" * (2 * 1024 * 1024 + 10_000))
    assert json.loads(answer.body)["length"] == 2 * 1024 * 1024 + 10_000


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_method_that_is_served_reaches_the_application(house: House, method: str) -> None:
    assert house.get("/register/", method=method).status == 200
    assert house.reached() == [f"{method} /register/"]


def test_worker_of_nginx_killed_is_replaced(house: House) -> None:
    children = Path(f"/proc/{house.nginx.pid}/task/{house.nginx.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    wait_for(lambda: answers(house))


def test_value_that_would_end_a_directive_is_refused(tmp_path: Path) -> None:
    site = private_site(tmp_path, upstream="unix:/x", static_root=tmp_path, errors=tmp_path)
    with pytest.raises(SiteError, match="cannot stand"):
        render(replace(site, names=("a; return 200",)))


def answers(house: House) -> bool:
    try:
        return house.get("/").status == 200
    except OSError:
        return False
