"""What Gunicorn writes down with the shipped configuration: every request, and no secret of anybody."""

import contextlib
import http.client
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings

from deploy.tests.copies import free_port
from deploy.tests.nginx.house import wait_for
from registrations import links
from registrations.models import Submission
from registrations.tests.builders import build_event, build_fest
from registrations.tests.form_posts import FORM, typed
from techfest.tests.support.workers import site_environment
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@dataclass(frozen=True)
class Web:
    port: int
    log: Path

    def ask(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
            connection.request(method, path, body, {"Host": settings.SITE_HOST, **kind, **headers})
            answer = connection.getresponse()
            answer.read()
            return answer


@pytest.fixture
def web(data_folder: Path) -> Iterator[Web]:
    """The site under Gunicorn as the Procfile starts it, on the database of this test."""
    web = Web(free_port(), data_folder / "web.log")
    environment = site_environment(data_folder, {"PORT": str(web.port), "WEB_CONCURRENCY": "1"})
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "techfest.wsgi"]
    with web.log.open("wb") as output:
        gunicorn = subprocess.Popen(
            command, env=environment, cwd=settings.BASE_DIR, stdout=output, stderr=output
        )
    try:
        wait_for(lambda: answers(web), seconds=30)
        yield web
    finally:
        gunicorn.terminate()
        gunicorn.wait(timeout=15)


def answers(web: Web) -> bool:
    with contextlib.suppress(OSError):
        return web.ask("GET", "/health/live").status == 200
    return False


def test_no_secret_is_in_the_log_of_the_web_server(web: Web) -> None:
    values = typed(
        build_event(build_fest()), name="Zarina Khan", email="zarina@example.org", roll_number="4711"
    )
    posted = web.ask("POST", FORM, urlencode(values, doseq=True))
    assert posted.status == 302
    submission, ticket = Submission.objects.select_related("student").get(), Ticket.objects.get()
    answer, mine = links.confirmation_path(submission), links.my_path(submission.student)
    asked = [
        ("GET", answer, 200),
        ("GET", mine, 200),
        ("POST", f"{mine}resend/", 302),
        ("GET", f"{mine}details/?x={ticket.code}", 200),
        ("GET", ticket.get_absolute_url(), 200),
        ("GET", f"/t/{ticket.code}/ticket.pdf", 302),
        ("GET", answer[:-1], 301),
        ("PUT", answer, 405),
        ("GET", answer.replace("/a/", "/%61/"), 200),
        ("GET", f"{mine}nothing/", 404),
    ]
    for method, path, status in asked:
        referrer = {"Referer": f"http://{settings.SITE_HOST}{answer}", "User-Agent": mine}
        assert web.ask(method, path, **referrer).status == status
    wait_for(lambda: web.log.read_text().count('HTTP/1.1" ') >= len(asked) + 2)
    log = web.log.read_text()
    assert (log.count('"GET /a/…'), log.count("/t/…") >= 2) == (2, True)
    secrets = [answer.split("/")[2], mine.split("/")[2], ticket.code, values["key"]]
    for secret in [*secrets, *(one[:16] for one in secrets), "Zarina", "zarina@", "4711"]:
        assert secret not in log


def test_hostile_request_is_one_clean_line_each(web: Web) -> None:
    for path in ("/events/%1b[31m%0d%0aforged", "/%00", "/?q=%0aforged"):
        web.ask("GET", path)
    web.ask("GET", "/", **{"User-Agent": "a\x1b[31mb"})
    web.ask("GET", "/", Host="evil.example")
    wait_for(lambda: web.log.read_text().count('HTTP/1.1" 4') == 3)
    assert "?q=" not in web.log.read_text()
    lines = web.log.read_text().splitlines()
    assert [line for line in lines if not line.isprintable() or line.startswith("forged")] == []
