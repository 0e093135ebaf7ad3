"""The Procfile: one process a line, ``name: [nice -n 10] program arguments``, without a shell."""

import os
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .folders import ROOT
from .processes import Process
from .words import Refusal


def read(
    environment: Mapping[str, str],
    *,
    log: Path,
    keep_open: tuple[int, ...] = (),
    become: Callable[[], None] | None = None,
) -> list[Process]:
    """The Procfile's processes, not started; only ``web`` inherits the open sockets ``keep_open``.

    ``become`` makes each of them a process of another user.
    """
    found = []
    for line in (ROOT / "Procfile").read_text().splitlines():
        name, colon, command = line.partition(":")
        if not colon or line.startswith("#"):
            continue
        niceness, (program, *arguments) = _niceness(shlex.split(command))
        path = shutil.which(program, path=environment["PATH"])
        if path is None:
            raise Refusal(f"The program '{program}' of the Procfile's '{name}' is not there.")
        found.append(
            Process(
                name.strip(),
                [os.fspath(path), *arguments],
                environment,
                log / f"{name.strip()}.log",
                folder=ROOT,
                niceness=niceness,
                keep_open=keep_open if name.strip() == "web" else (),
                become=become,
            )
        )
    return found


def _niceness(words: Sequence[str]) -> tuple[int, Sequence[str]]:
    """The niceness that a command begins with, and the command without it."""
    return (int(words[2]), words[3:]) if words[:2] == ["nice", "-n"] else (0, words)
