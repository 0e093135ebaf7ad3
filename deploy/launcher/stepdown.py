"""Which user web, workers and commands of the site run as where root starts them: never root, where that can be.

The database and the broker have a user of their own (accounts.py). The site's user shares with them nothing but the
group of the sockets, so that who gets into a web process owns neither the cluster's files nor root's keys.
"""

import grp
import os
import pwd
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .folders import ROOT, VENV, short_name
from .processes import Account
from .view import View, for_account
from .words import Refusal, say

# Numbers that belong to no user of a distribution; systemd takes its passing users from the same range.
_NUMBERS = range(61_184, 65_520)
_NAME = "techfest"
# What the site writes; everything else in the data folder stays root's.
_OF_SITE = (".cache", "mail", "media", "erased.txt", "database-marker.*")
# Commands that write what every user of the checkout reads, and that only the checkout's owner can write.
_OF_CHECKOUT = frozenset({"collectstatic", "compilemessages", "makemessages", "makemigrations"})
_PROBE = (
    "import sys, django, gunicorn\n"
    "for path in ('manage.py', 'techfest/settings.py', *sys.argv[1:]):\n"
    "    open(path).close()"
)
_CONNECT = "import os, psycopg; psycopg.connect(os.environ['ADDRESS'], connect_timeout=5).close()"
# Where a network has certificates of its own, mails need the files that these name.
_CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass(frozen=True)
class SiteUser:
    """The user, and the view of the file system in which it reaches checkout and Python."""

    account: Account
    view: View

    def become(self) -> None:
        """Makes this process one of the site's, for good; called by root."""
        os.umask(0o022)
        self.view.enter()
        os.setgroups([])
        os.setgid(self.account.gid)
        os.setuid(self.account.uid)
        os.umask(0o077)


def site_user(data: Path) -> SiteUser | None:
    """The site's user for this data folder, or None where this process is not root's or has to stay so.

    The user named by ``TECHFEST_USER`` (``root`` asks for no other), else the owner of the files that are there, else
    ``techfest`` where that user exists, else a number that no user has.
    """
    if os.getuid() != 0 or (name := os.environ.get("TECHFEST_USER")) == "root":
        return None
    if data.stat().st_mode & stat.S_IWOTH:
        say(f"Web and workers run as root: {data} is everybody's. Set TECHFEST_DATA to a folder of its own.")
        return None
    account = _with_own_group(_named(name) if name else _owner(data) or _fresh(data), data)
    user = in_view(account, data)
    if reason := _hindrance(user):
        say(f"Web and workers run as root: {reason}")
        return None
    return user


def give(data: Path, account: Account) -> None:
    """Lets the site's user keep its files in the data folder, in which root's own stay out of its reach.

    Raises ``Refusal`` where the file system knows no owners.
    """
    try:
        _give(data, account)
    except PermissionError as error:
        raise Refusal(
            f"{data} cannot be given to user {account.uid}, as whom the site runs: {error.strerror}."
            " Set TECHFEST_DATA to a folder on a local disk, or TECHFEST_USER=root."
        ) from error


def _give(data: Path, account: Account) -> None:
    if data.stat().st_uid == 0:
        os.chown(data, 0, account.gid)
        # Sticky: who may add files may still not rename or remove those of others.
        data.chmod(0o1771)
    # The font library makes its cache readable to all, so the folder around it is private.
    for name in (".cache", "mail", "media"):
        (data / name).mkdir(mode=0o700, exist_ok=True)
    for path in _of_site(data):
        if (path.lstat().st_uid, path.lstat().st_gid) != (account.uid, account.gid):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)


def begin_command(data: Path, arguments: Sequence[str]) -> None:
    """What a command writes is private and belongs to the site's user; the checkout's own files are for everybody."""
    if arguments[:1] and arguments[0] in _OF_CHECKOUT:
        return
    os.umask(0o077)
    become_owner_of(data, arguments[1:])


def become_owner_of(data: Path, arguments: Sequence[str] = ()) -> None:
    """For root's commands in a second terminal: what they write must belong to the site's user as well.

    Nothing happens where the files are root's; where that user cannot run the checkout, a line says so. Raises
    ``Refusal`` when ``arguments`` name a file that root may read and that user may not.
    """
    account = _owner(data)
    if os.getuid() != 0 or account is None or os.environ.get("TECHFEST_USER") == "root":
        return
    user = in_view(account, data)
    if reason := _hindrance(user):
        # Not among what the command prints, which may be read by a program.
        print(
            f"manage.py runs as root: {reason}. What it writes belongs to root until deploy/up starts again.",
            file=sys.stderr,
        )
        return
    named = [path for path in map(_path_in, arguments) if os.path.lexists(path)]
    user.become()
    os.environ["HOME"] = str(data)
    _refuse_unreadable(named, data)


def in_view(account: Account, data: Path) -> SiteUser:
    """That user with a view of all that a command of the site needs."""
    python = (VENV / "bin" / "python").resolve().parents[1]
    return SiteUser(
        account, for_account(account, [ROOT, python, data, *(file.parent for file in _certificates())])
    )


def _certificates() -> list[Path]:
    named = (Path(os.environ[name]) for name in _CERTIFICATES if os.environ.get(name))
    return [path for path in named if path.is_file()]


def _path_in(argument: str) -> Path:
    """What ``FILE`` or ``--option=FILE`` names."""
    return Path(argument.rpartition("=")[2] or "/").absolute()


def _refuse_unreadable(named: Sequence[Path], data: Path) -> None:
    for path in named:
        if not os.access(path, os.R_OK):
            raise Refusal(
                f"{path} cannot be read by user {os.getuid()}, as whom the site's commands run."
                f" Copy it to a folder that this user may read, such as {data / 'media'}, and give it away with"
                f" chown {os.getuid()}."
            )


def _of_site(data: Path) -> list[Path]:
    roots = [path for name in _OF_SITE for path in data.glob(name)]
    return [path for root in roots for path in (root, *root.rglob("*"))]


def _owner(data: Path) -> Account | None:
    for folder in (data / "media", data):
        if folder.is_dir() and (found := folder.stat()).st_uid != 0:
            return Account(found.st_uid, found.st_gid)
    return None


def _named(name: str) -> Account:
    try:
        found = pwd.getpwnam(name)
    except KeyError as error:
        raise Refusal(
            f"There is no user '{name}'. Set TECHFEST_USER to another one, or leave it out."
        ) from error
    return Account(found.pw_uid, found.pw_gid)


def _fresh(data: Path) -> Account:
    try:
        return _named(_NAME)
    except Refusal:
        number = _free_number(data, {user.pw_uid for user in pwd.getpwall()})
    return Account(number, number)


def _with_own_group(account: Account, data: Path) -> Account:
    """The same user, with a group of its own: its members reach the sockets and the data folder."""
    groups = grp.getgrall()
    members = {name for group in groups if group.gr_gid == account.gid for name in group.gr_mem}
    users = {user.pw_name: user for user in pwd.getpwall()}
    sharing = {name for name, user in users.items() if user.pw_gid == account.gid} | members
    if all(name in users and users[name].pw_uid == account.uid for name in sharing):
        return account
    taken = {group.gr_gid for group in groups} | {user.pw_gid for user in users.values()}
    return Account(account.uid, _free_number(data, taken))


def _free_number(data: Path, taken: set[int]) -> int:
    """A number that no user has, the same at every start with this data folder."""
    begin = int(short_name(data), 16) % len(_NUMBERS)
    numbers = (_NUMBERS[(begin + step) % len(_NUMBERS)] for step in range(len(_NUMBERS)))
    return next(number for number in numbers if number not in taken)


def _hindrance(user: SiteUser) -> str:
    """Why this user cannot run the site and what to do about it, found by trying; empty where it can."""
    number = user.account.uid
    if reason := _tried([_PROBE, *map(str, _certificates())], {}, user.become):
        return (
            f"user {number} cannot run it from {ROOT} ({reason}). Move the checkout to a folder that others may read,"
            " or start as an ordinary user."
        )
    if reason := _database_hindrance(user):
        return (
            f"user {number} is not let into the database, as root is ({reason}). Give the password in the address,"
            " put certificates where others may read them, or set TECHFEST_USER to a user whom the database knows."
        )
    return ""


def _database_hindrance(user: SiteUser) -> str:
    """Why the databases of the environment refuse this user; empty where they refuse root as well, or nobody."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        if url := os.environ.get(name):
            libpq = {key: value for key, value in os.environ.items() if key.startswith("PG")}
            reason = _tried([_CONNECT], {**libpq, "HOME": "/nonexistent", "ADDRESS": url}, user.become)
            if reason and not _tried([_CONNECT], {**os.environ, "ADDRESS": url}, None):
                return reason
    return ""


def _tried(code: Sequence[str], variables: Mapping[str, str], become: Callable[[], None] | None) -> str:
    """The last line of what this Python code says when it fails; empty where it does not."""
    try:
        tried = subprocess.run(
            [str(VENV / "bin" / "python"), "-c", *code],
            cwd=ROOT,
            env={**variables, "PATH": "/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=become,
        )
    except (OSError, subprocess.SubprocessError):
        return "the file system cannot be shown to it"
    lines = tried.stderr.strip().splitlines()
    return "" if tried.returncode == 0 else (lines[-1] if lines else "it ended without a word")
