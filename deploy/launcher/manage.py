"""Running one command of ``manage.py``."""

import subprocess
from collections.abc import Callable, Mapping

from .folders import ROOT, VENV
from .words import Refusal


def manage(
    variables: Mapping[str, str],
    *arguments: str,
    umask: int = 0o077,
    become: Callable[[], None] | None = None,
) -> str:
    """Runs it and returns what it printed; raises ``Refusal`` with its last line when it fails.

    What it writes is private unless ``umask`` says otherwise. ``become`` makes it a process of another user.
    """
    finished = subprocess.run(
        [str(VENV / "bin" / "python"), str(ROOT / "manage.py"), *arguments],
        env=dict(variables),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        umask=umask,
        preexec_fn=become,
    )
    if finished.returncode != 0:
        lines = (finished.stderr or finished.stdout).strip().splitlines() or ["no message"]
        raise Refusal(f"manage.py {arguments[0]} failed: {lines[-1]}")
    return finished.stdout.strip()
