"""The Procfile: one process a line, ``name: program arguments``, without a shell."""

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from .folders import ROOT
from .processes import Process
from .words import Refusal


def read(environment: Mapping[str, str], *, log: Path, keep_open: tuple[int, ...] = ()) -> list[Process]:
    """The Procfile's processes, not started; only ``web`` inherits the open sockets ``keep_open``."""
    found = []
    for line in (ROOT / "Procfile").read_text().splitlines():
        name, colon, command = line.partition(":")
        if not colon or line.startswith("#"):
            continue
        program, *arguments = shlex.split(command)
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
                keep_open=keep_open if name.strip() == "web" else (),
            )
        )
    return found
