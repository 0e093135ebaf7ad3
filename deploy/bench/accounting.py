"""What a process and its children have used: processor seconds and memory, from /proc."""

import os
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """The process and all its living descendants."""
    found = [pid]
    for one in found:
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def cpu_seconds(pid: int) -> float:
    """User and system seconds of the tree so far, children that have ended and were waited for included."""
    return sum(_ticks(one) for one in tree(pid)) / TICK


def memory_mib(pid: int) -> float:
    """Proportional set size of the tree in MiB: shared pages are counted once in all."""
    return sum(_pss(one) for one in tree(pid)) / 1024


def own_memory_mib(pid: int) -> float:
    """The same without descendants; 0 for a process that has ended."""
    return _pss(pid) / 1024


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(number) for number in fields[11:15])


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
