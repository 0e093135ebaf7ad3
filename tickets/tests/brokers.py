"""Brokers for tests of the doorbell: one that refuses, one that never answers, and the real one."""

import contextlib
import socket
from collections.abc import Iterator

from celery import Celery, _state


@contextlib.contextmanager
def broker_at(url: str) -> Iterator[Celery]:
    """This process rings at `url` within the block."""
    before = _state.get_current_app()
    app = Celery("techfest.elsewhere", set_as_current=True)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.update(broker_url=url)
    # A thread other than this one asks for the default.
    _state.set_default_app(app)
    try:
        yield app
    finally:
        app.close()
        before.set_current()
        before.set_default()


def refusing_url() -> str:
    """An address where nobody listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@contextlib.contextmanager
def hanging_url() -> Iterator[str]:
    """An address where connections are taken and nothing is ever said."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"
