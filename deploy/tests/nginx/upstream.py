"""A tiny application behind nginx: it tells what reached it, waits, or dies in the middle."""

import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Start = Callable[[str, list[tuple[str, str]]], object]


def application(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    """Answer with the request as JSON; ``/sleep/<seconds>`` waits first, ``/die/`` kills its worker."""
    path = environ["PATH_INFO"]
    body = environ["wsgi.input"].read()
    with Path(os.environ["UPSTREAM_LOG"]).open("a", encoding="utf-8") as log:
        log.write(f"{environ['REQUEST_METHOD']} {path}\n")
    if path.startswith("/sleep/"):
        time.sleep(float(path.split("/")[2]))
    if path.startswith("/die/"):
        os._exit(9)
    seen = {name: value for name, value in environ.items() if name.startswith("HTTP_")}
    output = {"method": environ["REQUEST_METHOD"], "path": path, "length": len(body), "headers": seen}
    content = json.dumps(output).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
    return [content]
