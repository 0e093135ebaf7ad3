"""The site's application for tests of what Gunicorn's worker answers by itself: it gets stuck, or breaks."""

import sys
import time
from collections.abc import Iterable
from typing import Any

from techfest.wsgi import application as site


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """``/compute/`` and ``/wait/`` never end, ``/break/`` ends the process, ``/upload/`` reads the body first."""
    path = environ["PATH_INFO"]
    while path == "/compute/":
        pass
    if path == "/wait/":
        time.sleep(60)
    if path == "/break/":
        sys.exit("a fault")
    if path == "/upload/":
        environ["wsgi.input"].read()
    answer: Iterable[bytes] = site(environ, start_response)
    return answer
