"""What nginx answers itself carries the headers that the application's answers carry."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from deploy.launcher.folders import ROOT
from deploy.nginx.process import private_site
from deploy.nginx.render import HEADERS, render
from deploy.tests.nginx.house import Answer, House
from techfest.headers import error_headers

TEMPLATE = ROOT / "deploy" / "nginx" / "server.conf.in"
WAYS: dict[str, Callable[[House], Answer]] = {
    "static file": lambda house: house.get("/static/app.css"),
    "missing static file": lambda house: house.get("/static/none.css"),
    "method that is not served": lambda house: house.get("/", method="PUT"),
    "too large body": lambda house: house.get("/register/", b"x" * (3 * 1024 * 1024), method="POST"),
    "killed worker": lambda house: house.get("/die/"),
    "another host": lambda house: house.get("/", Host="other.example"),
}


@pytest.mark.parametrize("way", WAYS)
def test_own_answer_of_nginx_carries_every_header_once(house: House, way: str) -> None:
    answer = WAYS[way](house)
    assert {name: answer.headers.get(name.lower()) for name in HEADERS} == HEADERS


@pytest.mark.parametrize("path", ["/", "/health/ready"])
def test_unreachable_application_leaves_every_header(house: House, path: str) -> None:
    house.stop_application()
    answer = house.get(path)
    assert (answer.status, {name: answer.headers.get(name.lower()) for name in HEADERS}) == (503, HEADERS)


def test_redirect_to_tls_carries_them(tmp_path: Path) -> None:
    site = private_site(tmp_path, upstream="unix:/x", static_root=tmp_path, errors=tmp_path)
    plain = render(replace(site, certificate=tmp_path, key=tmp_path)).partition("return 301")[0]
    block = plain.rpartition("server_name")[2]
    assert [name for name in HEADERS if f"add_header {name} " not in block] == []


def test_headers_are_those_of_the_application() -> None:
    """An error page may stand at a secret address, so it sends no referrer to any site."""
    ours = error_headers()
    output = {name: ours.pop(name) for name in ("Cache-Control", "Content-Security-Policy")}
    assert (ours, settings.SECURE_REFERRER_POLICY) == (HEADERS, "same-origin")
    pages = TEMPLATE.read_text().partition("location ^~ /errors/")[2].partition("}")[0]
    assert f"add_header Cache-Control {output['Cache-Control']} always;" in pages
    assert f'add_header Content-Security-Policy "{output["Content-Security-Policy"]}" always;' in pages
