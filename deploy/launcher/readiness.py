"""Waits until the site serves pages, and says what else is not well yet."""

import http.client
import json
import socket
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from .supervisor import Supervisor
from .words import Refusal, say

_READY_WITHIN = 60.0
_WORKERS_WITHIN = 10.0
"""Seconds that workers which have only just started get to be heard before the start names them."""
MAY_FOLLOW = frozenset({"workers", "mail", "provider", "restore"})
"""Parts of /health/ready that no page needs: while they are unwell mails wait, and registration stays open."""


def wait_until_ready(supervisor: Supervisor, opened: socket.socket, site: str, data: Path) -> None:
    """Returns when pages are served; raises ``Refusal`` after a minute, with what /health/ready said last.

    A provider that is down, old mails, mails that are held and silent workers stop no start; a line names them.
    Workers get some seconds to be heard before that.
    """
    deadline = time.monotonic() + _READY_WITHIN
    while not serves_pages(answer := _ask(opened, site)):
        if time.monotonic() > deadline:
            raise Refusal(f"The site did not become ready: {answer} (see {data / 'log'})")
        supervisor.watch(time.monotonic() + 0.2)
    answer = once_workers_are_heard(answer, ask=partial(_ask, opened, site), watch=supervisor.watch)
    if line := what_follows(answer):
        say(line)


def once_workers_are_heard(
    answer: str,
    *,
    ask: Callable[[], str],
    watch: Callable[[float], None],
    seconds: float = _WORKERS_WITHIN,
) -> str:
    """The readiness page as soon as it calls no worker silent, else the last one within these seconds.

    A page that could not be had, as while a web server starts again, leaves the one before it.
    """
    deadline = time.monotonic() + seconds
    while "workers" in (_unwell(answer) or ()) and time.monotonic() < deadline:
        watch(time.monotonic() + 0.5)
        newer = ask()
        answer = newer if serves_pages(newer) else answer
    return answer


def serves_pages(text: str) -> bool:
    """Whether all that pages need is well, by the readiness page's text."""
    unwell = _unwell(text)
    return unwell is not None and MAY_FOLLOW.issuperset(unwell)


def what_follows(text: str) -> str:
    """One line that names what is unwell on that page and what to do; empty where nothing is."""
    unwell = _unwell(text)
    if not unwell:
        return ""
    named = "; ".join(f"{name}: {words}" for name, words in unwell.items())
    advice = (
        "Sign in as an owner and decide at /admin/held-mails/."
        if "restore" in unwell
        else "Look at /health/ready later."
    )
    return f"Pages are served. Not well yet: {named}. {advice}"


def _unwell(text: str) -> dict[str, str] | None:
    """The parts that the page calls unwell, each with its words; None where it is no such page."""
    try:
        parts = json.loads(text)["parts"]
        return {name: str(part["text"]) for name, part in parts.items() if not part["ok"]}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _ask(opened: socket.socket, site: str) -> str:
    """The text of the site's readiness page, or why there was none."""
    host, port = opened.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104  # compared, not bound
        host = "127.0.0.1"
    link = http.client.HTTPConnection(host, port, timeout=5)
    try:
        link.request("GET", "/health/ready", headers={"Host": urlsplit(site).netloc})
        return link.getresponse().read(4000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        link.close()
