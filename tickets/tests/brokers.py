"""Brokers for tests of wake-ups: one that refuses connections, one that never answers, and the real one."""

import contextlib
import socket
from collections.abc import Iterator

from celery import Celery, _state


@contextlib.contextmanager
def broker_at(url: str) -> Iterator[Celery]:
    """Publish wake-ups of this process to `url` within the block."""
    before = _state.get_current_app()
    app = Celery("techfest.elsewhere", set_as_current=True)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.update(broker_url=url)
    # Other threads use the default app.
    _state.set_default_app(app)
    try:
        yield app
    finally:
        app.close()
        before.set_current()
        before.set_default()


def refusing_url() -> str:
    """The URL of a port that refuses connections."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@contextlib.contextmanager
def hanging_url() -> Iterator[str]:
    """The URL of a port that accepts connections and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"
