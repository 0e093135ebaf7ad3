"""The site without the limit of whole statements, for a negative control."""

from importlib import import_module
from typing import Any

from techfest.wsgi import application

__all__ = ["application"]

# Django is set up by now. Only the timeouts of the connection are left; that of statements is longer here, and nobody
# hangs up before it.
locking: Any = import_module("techfest.core.db.locking")
locking.Deadline.limit_locks = locking.Deadline.limit_next = lambda *_arguments: None
watchdog: Any = import_module("techfest.core.db.watchdog")
watchdog.AFTER = 20.0
