"""The machine that a figure was measured on, and what ran on it."""

import importlib.metadata
import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

LIBRARIES = ("django", "gunicorn", "psycopg", "celery", "weasyprint", "django-anymail")


def describe() -> dict[str, Any]:
    """Processor, cores, memory, kernel, Python, releases of what was measured, and the load before."""
    return {
        "cpu": _first(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text()) or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "nginx": _first(r"nginx/(\S+)", _said("nginx", "-v")),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "load_before": round(os.getloadavg()[0], 2),
        "commit": _said("git", "rev-parse", "--short", "HEAD").strip(),
    }


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found.group(1).strip() if found else ""


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    except OSError:
        return ""
    return done.stdout + done.stderr
