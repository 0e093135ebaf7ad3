"""Ends what a hard kill of the launcher leaves behind and the system's own request did not end.

The kernel asks each child to end when its parent is killed (``PR_SET_PDEATHSIG``), but asking is all it does: a
program that hangs, or is stopped, stays. So the launcher tells a small process of its own what it has started; the
pipe between them closes with the launcher, however that ends.
"""

import contextlib
import os
import subprocess
import sys
from typing import IO

from .folders import ROOT
from .processes import Process, birth, end_sessions

PATIENCE = 10.0
"""Seconds between the launcher's death and the hard end of what is left of its processes."""


class LastWatch:
    """The launcher's end of the pipe. It dies with the launcher's own children when that ends in order."""

    def __init__(self) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "deploy.launcher.lastwatch"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def tell_of(self, process: Process) -> None:
        """From now on its session is ended too."""
        # A watch that was killed is missed at the next hard kill only; nothing else depends on it.
        with contextlib.suppress(OSError):
            if self._popen.stdin is not None:
                self._popen.stdin.write(f"{process.pid} {birth(process.pid)}\n".encode())
                self._popen.stdin.flush()

    def dismiss(self) -> None:
        """Nothing is left to watch over."""
        self._popen.kill()
        self._popen.wait()
        if self._popen.stdin is not None:
            with contextlib.suppress(OSError):
                self._popen.stdin.close()


def watch(messages: IO[str]) -> int:
    """Reads until the launcher is gone, then ends what is left of it; returns how many had to be killed."""
    sessions: dict[str, str] = {}
    for line in messages:
        pid, born = line.split()
        sessions[pid] = born
    return end_sessions(sessions, seconds=PATIENCE)


if __name__ == "__main__":
    os.chdir("/")
    watch(sys.stdin)
