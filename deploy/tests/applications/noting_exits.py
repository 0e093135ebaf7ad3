"""The site's application for tests that ask whether its processes end through Python's own end.

Each process that does adds its number to the file that TIDIED names.
"""

import atexit
import os
from pathlib import Path

from techfest.wsgi import application

__all__ = ["application"]


def _note() -> None:
    with Path(os.environ["TIDIED"]).open("a") as file:
        file.write(f"{os.getpid()}\n")


atexit.register(_note)
