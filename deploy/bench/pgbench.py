"""PostgreSQL alone: the statements of one submission, repeated by pgbench without Django and without HTTP."""

import itertools
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from deploy.bench.stack import Stack
from deploy.launcher.benching import find

SCRIPT = Path(__file__).with_suffix(".sql")
# Each run counts its names from another number.
BASES = itertools.count(1_000_000, 500_000)


class PgbenchError(Exception):
    """pgbench did not finish cleanly; the text is what it said."""


def transactions_per_second(stack: Stack, slugs: Sequence[str], *, seconds: int, clients: int) -> float:
    """Transactions per second on these events, whose keys follow one another; raises PgbenchError."""
    from events.models import Event, Fest
    from registrations.models import ConsentText, School

    keys = sorted(Event.objects.filter(slug__in=slugs).values_list("pk", flat=True))
    values = {
        "first": keys[0],
        "count": len(keys),
        "fest": Fest.objects.get(slug="bench").pk,
        "school": School.objects.order_by("pk")[0].pk,
        "text": ConsentText.objects.get(audience="students").pk,
        "base": next(BASES),
    }
    command = [_program(), "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(seconds)]
    command += [part for name, value in values.items() for part in ("-D", f"{name}={value}")]
    command += ["-f", str(SCRIPT), *_address(stack.variables["DATABASE_URL"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+) \(without", done.stdout)
    if done.returncode or not found or "aborted" in done.stderr:
        raise PgbenchError(done.stderr[-2000:] or done.stdout[-2000:])
    return float(found.group(1))


def _program() -> str:
    found = find("pgbench")
    if found is None:
        raise PgbenchError("pgbench is not installed: apt-get install postgresql-contrib")
    return found


def _address(url: str) -> list[str]:
    """The arguments that name the server: an address of libpq is not understood by every pgbench."""
    parts = urlsplit(url)
    host = parse_qs(parts.query).get("host", [parts.hostname or "localhost"])[0]
    port = ["-p", str(parts.port)] if parts.port else []
    return ["-h", host, *port, "-U", parts.username or "techfest", parts.path.lstrip("/")]
