"""Where things are: the checkout, the data folder, and the short path of the sockets."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO

from .words import Refusal

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
# What can be made again at any time: uv, collected static files.
CACHE = ROOT / ".cache"
# A Unix socket's path has room for 107 bytes on Linux, 103 on macOS; the longest name below it is PostgreSQL's.
LONGEST_SOCKET_FOLDER = 103 - len("/.s.PGSQL.5432.lock")
# What the site and its launcher keep in the data folder: children's names, keys, logs.
_PRIVATE = (
    ".cache",
    "mail",
    "media",
    "log",
    "secrets*",
    "environment*",
    "processes.json*",
    "lock",
    "erased.txt",
    "database-marker.*",
    "backup-seen",
)
# Any of these files tells that a folder is a data folder; the others lie in an empty one as well.
_KNOWN_BY = ("lock", "secrets", "erased.txt", "postgres/PG_VERSION")
_OF_NO_MEANING = frozenset({".cache", "log", "mail", "media", "lost+found"})
# PostgreSQL asks for locks and fsync that these do not keep.
_NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"}
)


def data_folder() -> Path:
    """The data folder, made if missing; others may pass through it but not list it, each part in it is private."""
    folder = Path(os.environ.get("TECHFEST_DATA") or ROOT / "var").expanduser().resolve()
    try:
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        _refuse_foreign(folder)
        _close(folder)
        (folder / "log").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise Refusal(
            f"The data folder {folder} cannot be made: {error.strerror}. Set TECHFEST_DATA."
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Refusal(f"The data folder {folder} cannot be written. Set TECHFEST_DATA to another folder.")
    return folder


def _refuse_foreign(folder: Path) -> None:
    """Raises ``Refusal`` where the folder holds files, none of them ours: its mode and owner are not ours to change.

    A folder that everybody shares stays as it is, so it may hold what it likes.
    """
    is_ours = any((folder / name).is_file() for name in _KNOWN_BY)
    if is_ours or folder.stat().st_mode & stat.S_ISVTX:
        return
    if others := sorted({path.name for path in folder.iterdir()} - _OF_NO_MEANING):
        raise Refusal(
            f"{folder} holds other files ({', '.join(others[:3])}) and no data of this site, which would close the"
            f" folder to others. Set TECHFEST_DATA to a folder of its own, such as {folder / 'techfest'}."
        )


def _close(folder: Path) -> None:
    """Only root's servers run as another user, who has to pass; a folder that others share stays as it is."""
    status = folder.stat()
    if status.st_uid == os.getuid() and not status.st_mode & stat.S_ISVTX:
        folder.chmod(stat.S_IMODE(status.st_mode) & (0o711 if os.getuid() == 0 else 0o700))


def close_to_others(data: Path) -> int:
    """Takes what others may do from the site's own files in the data folder; from how many it was taken.

    An earlier release let them be read by everybody. Whatever else lies in that folder is left alone.
    """
    roots = [path for name in _PRIVATE for path in data.glob(name)]
    below = (Path(place, name) for root in roots for place, *names in os.walk(root) for name in chain(*names))
    changed = 0
    for path in (*roots, *below):
        status = path.lstat()
        if status.st_mode & 0o077 and not stat.S_ISLNK(status.st_mode) and status.st_uid == os.getuid():
            path.chmod(stat.S_IMODE(status.st_mode) & 0o700)
            changed += 1
    return changed


def refuse_network_mount(folder: Path) -> None:
    """Raises ``Refusal`` when ``folder`` lies on a network file system (where Linux tells)."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return
    best, kind = "", ""
    for line in mounts.read_text(errors="replace").splitlines():
        _, point, file_system, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if len(point) >= len(best) and folder.is_relative_to(point):
            best, kind = point, file_system
    if kind in _NETWORK_FILE_SYSTEMS:
        raise Refusal(
            f"The data folder {folder} is on a network mount ({kind}), where PostgreSQL's files are not safe."
            " Set TECHFEST_DATA to a folder on a local disk."
        )


def short_name(folder: Path) -> str:
    """A name for ``folder`` that is the same at every start."""
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:10]


def socket_folder(folder: Path, owner: int, group: int | None = None) -> Path:
    """The private folder of this data folder's sockets, in a short path, owned by the user number ``owner``.

    Members of ``group`` may reach the sockets, which get that group themselves, and do no more. Raises ``Refusal``
    when another user made a folder of that name first.
    """
    short = _socket_path(folder)
    with contextlib.suppress(FileExistsError):
        short.mkdir(mode=0o700)
        os.chown(short, owner, -1)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.getuid()}:
        raise Refusal(f"{short} belongs to another user. Remove it, or set TMPDIR to a folder of your own.")
    os.chown(short, owner, -1 if group is None else group)
    short.chmod(0o700 if group is None else 0o2710)
    return short


def forget_sockets(folder: Path) -> None:
    """Removes the folder of the sockets, after the servers have ended."""
    shutil.rmtree(_socket_path(folder), ignore_errors=True)


def _socket_path(folder: Path) -> Path:
    short = Path(tempfile.gettempdir()) / f"techfest-{os.getuid()}-{short_name(folder)}"
    if len(os.fsencode(short)) > LONGEST_SOCKET_FOLDER:
        short = Path("/tmp") / short.name  # noqa: S108  # owner and mode are checked where it is made
    return short


@contextlib.contextmanager
def locked(file: Path, refusal: str | None) -> Iterator[None]:
    """Holds ``file``'s lock; the system frees it when the process ends, however it ends.

    Waits for it, or raises ``Refusal`` with the text ``refusal`` at once when that is given.
    """
    with open_to_append(file) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (fcntl.LOCK_NB if refusal else 0))
        except BlockingIOError as error:
            raise Refusal(str(refusal)) from error
        yield


def open_to_append(file: Path) -> IO[bytes]:
    """The file's end; a new file may be read by its owner only."""
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "ab")


def write_private(file: Path, text: str, *, owner: int | None = None) -> None:
    """Replaces ``file`` as a whole; only its owner may read it, this user or the number ``owner``."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        if owner is not None:
            os.fchown(handle, owner, -1)
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)
