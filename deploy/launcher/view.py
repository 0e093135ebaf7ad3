"""A view of the file system for processes that step down from root: what they need lies at its own path, reachable.

A checkout in /root, or a Python below it, is closed to everybody but root. In a mount namespace of the process its
closed parents are covered by empty folders that may be passed, and what is needed is mounted back in place; whatever
else lies there is out of sight. Only Linux can, and only where root may mount.
"""

import ctypes
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .accounts import may_pass
from .processes import Account

_CLONE_NEWNS = 0x20000
_NOSUID, _NODEV, _BIND, _REC, _SLAVE = 2, 4, 4096, 16384, 1 << 19
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class View:
    """The closed folders, none inside another, and what is needed below them."""

    closed: tuple[Path, ...]
    needed: tuple[Path, ...]

    def enter(self) -> None:
        """Gives this process the view, for good. Raises ``OSError`` where that is not allowed."""
        if not self.closed:
            return
        _call("unshare", _CLONE_NEWNS)
        _mount("none", "/", flags=_REC | _SLAVE)
        kept = [(path, os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)) for path in self.needed]
        for folder in self.closed:
            _mount("tmpfs", str(folder), kind="tmpfs", flags=_NOSUID | _NODEV, options="mode=0711,size=1m")
        for path, handle in kept:
            path.mkdir(mode=0o755, parents=True, exist_ok=True)
            _mount(f"/proc/self/fd/{handle}", str(path), flags=_BIND | _REC)
            os.close(handle)


def for_account(account: Account, needed: Sequence[Path]) -> View:
    """The view in which ``account`` can pass down to each of the folders ``needed``."""
    closed: set[Path] = set()
    below: list[Path] = []
    for path in needed:
        shut = [step for step in path.parents if not may_pass(account, step)]
        if shut:
            closed.add(shut[-1])
            below.append(path)
    outermost = [folder for folder in closed if not closed & set(folder.parents)]
    return View(tuple(sorted(outermost)), tuple(dict.fromkeys(below)))


def _mount(source: str, target: str, *, kind: str = "", flags: int = 0, options: str = "") -> None:
    _call(
        "mount",
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )


def _call(name: str, *arguments: object) -> None:
    if _LIBC is None:
        raise OSError("only Linux can do this")
    if getattr(_LIBC, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
