"""The site without the limit of whole statements, for a negative control."""

from importlib import import_module
from typing import Any

from techfest.wsgi import application

__all__ = ["application"]

# Django is set up by now. What the environment of the test says is not believed: the connection has another limit.
locking: Any = import_module("techfest.core.db.locking")
locking._is_limited = lambda: True
