"""Names the process that claimed a row and tells whether it still runs, so that rows of a dead one are freed at once.

A lease with only a time limit would keep them until it expires. A session lock of the database does not work behind
a pooler, and would treat a lost connection as a dead process.
"""

import functools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
LENGTH = 100
"""The length of a name in characters."""


def this_process() -> str:
    """A name that is unique among the processes of all machines; empty on systems other than Linux."""
    return _name_of(os.getpid())


@functools.cache
def _name_of(pid: int) -> str:
    machine, born = _machine(), _birth(pid)
    return f"{machine} process {pid} {born}" if machine and born else ""


@functools.cache
def _machine() -> str:
    """This boot of this machine and its PID namespace."""
    try:
        return f"{_BOOT.read_text().strip()} {_NAMESPACE.readlink()}"
    except OSError:
        return ""


def _birth(pid: int) -> str:
    """The start time of the process in kernel ticks; empty if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def is_dead(owner: str) -> bool:
    """Whether this process has certainly ended; False for processes of other machines."""
    machine, _, process = owner.rpartition(" process ")
    if not machine or machine != _machine():
        return False
    pid, _, born = process.partition(" ")
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # a process of another user; its start time may be hidden
        return False
    return _birth(int(pid)) != born


def free(rows: Any, *, by: str = "claimed_by", **values: Any) -> int:
    """Update the rows whose owner is dead with `values`; return how many."""
    owners: Iterable[str] = rows.exclude(**{by: ""}).values_list(by, flat=True).distinct().order_by()
    dead = [owner for owner in owners if is_dead(owner)]
    return int(rows.filter(**{f"{by}__in": dead}).update(**values, **{by: ""})) if dead else 0
