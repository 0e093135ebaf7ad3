"""The peers of the benches start under the shipped settings of Gunicorn and nginx, and answer."""

import json
import subprocess
import sys

import pytest

from deploy.launcher.folders import ROOT
from techfest.tests.support.programs import find_program

pytestmark = [pytest.mark.nginx, pytest.mark.slow]

# In a process of its own: at the end the supervisor kills every child of its process.
_PROGRAM = """
import json
from deploy.bench.stack import running_stack
with running_stack(peers=("floor", "naive"), workers=False) as stack:
    report = stack.load("floor", "steady", "--clients", "3", "--events", "any", "--own-keys")
    print(json.dumps([sorted(stack.ports), report["outcomes"], report["errors"]]))
"""


def test_each_peer_starts_and_the_floor_answers() -> None:
    find_program("nginx")
    command = [sys.executable, "-c", _PROGRAM]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert finished.returncode == 0, finished.stderr
    sites, outcomes, errors = json.loads(finished.stdout.splitlines()[-1])
    assert (sites, outcomes, errors) == (["floor", "naive", "techfest"], {"confirmed": 3}, {})
