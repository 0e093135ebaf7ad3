"""Which process has claimed a row, and whether it still lives: what a dead one held is free at once.

A lease by time alone would keep its rows for as long again. A session lock of the database would tell it too, but not
behind a pooler, and a lost connection would count as a death.
"""

import functools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
LENGTH = 100
"""Characters of a name."""


def this_process() -> str:
    """A name that no other process ever has, on any machine; empty where the system does not tell (not Linux)."""
    return _name_of(os.getpid())


@functools.cache
def _name_of(pid: int) -> str:
    machine, born = _machine(), _birth(pid)
    return f"{machine} process {pid} {born}" if machine and born else ""


@functools.cache
def _machine() -> str:
    """This start of this machine, and the namespace in which a process number means the same as here."""
    try:
        return f"{_BOOT.read_text().strip()} {_NAMESPACE.readlink()}"
    except OSError:
        return ""


def _birth(pid: int) -> str:
    """When the process began, in the kernel's ticks; empty where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def is_dead(owner: str) -> bool:
    """Whether this process has certainly ended. Of a process of another machine nobody here can tell."""
    machine, _, process = owner.rpartition(" process ")
    if not machine or machine != _machine():
        return False
    pid, _, born = process.partition(" ")
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # another user's: its birth may be hidden
        return False
    return _birth(int(pid)) != born


def free(rows: Any, *, by: str = "claimed_by", **values: Any) -> int:
    """Writes `values` into those of the rows whose owner is dead; how many."""
    owners: Iterable[str] = rows.exclude(**{by: ""}).values_list(by, flat=True).distinct().order_by()
    dead = [owner for owner in owners if is_dead(owner)]
    return int(rows.filter(**{f"{by}__in": dead}).update(**values, **{by: ""})) if dead else 0
