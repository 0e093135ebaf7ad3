"""Names of processes, which end with the process."""

import subprocess
import sys
from pathlib import Path

from techfest.core.db import processes

SAY_NAME = "from techfest.core.db import processes; print(processes.this_process(), flush=True); input()"
ROOT = Path(__file__).resolve().parents[4]


def test_process_is_dead_when_it_has_ended_and_not_before() -> None:
    command, pipe = [sys.executable, "-c", SAY_NAME], subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=pipe, stdout=pipe) as other:
        assert other.stdout is not None
        name = other.stdout.readline().strip()
        alive = processes.is_dead(name)
        other.kill()
        other.wait(timeout=10)
    assert (alive, processes.is_dead(name)) == (False, True)
    assert len(name) <= processes.LENGTH


def test_this_process_lives_and_has_one_name() -> None:
    assert processes.this_process() == processes.this_process() != ""
    assert processes.is_dead(processes.this_process()) is False


def test_reused_pid_does_not_revive_the_first_process() -> None:
    machine_and_pid = processes.this_process().rpartition(" ")[0]
    assert processes.is_dead(f"{machine_and_pid} 1") is True


def test_process_of_another_machine_counts_as_alive() -> None:
    name = processes.this_process()
    assert processes.is_dead(f"other{name}") is False
    assert processes.is_dead("") is False
    assert processes.is_dead("nonsense") is False
