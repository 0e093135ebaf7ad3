"""Which user of the operating system the private servers run as."""

import os
import pwd
import shutil
from pathlib import Path

from .folders import ROOT, short_name
from .processes import Account
from .words import Refusal


def server_account(cluster: Path) -> Account:
    """This user, or for root another one: PostgreSQL refuses to run as root.

    The owner of an existing cluster stays its owner; a new one belongs to ``postgres`` where that user exists.
    """
    if os.getuid() != 0:
        return Account(os.getuid(), os.getgid())
    if cluster.exists() and cluster.stat().st_uid != 0:
        return Account(cluster.stat().st_uid, cluster.stat().st_gid)
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_uid, found.pw_gid)
    raise Refusal(
        "PostgreSQL does not run as root, and there is no user 'nobody'. Start as an ordinary user."
    )


def may_enter(account: Account, folder: Path) -> bool:
    """Whether ``account`` can pass through every folder down to ``folder``."""
    return all(may_pass(account, step) for step in (folder, *folder.parents))


def may_pass(account: Account, folder: Path) -> bool:
    """Whether ``account`` can pass through this folder, wherever it lies."""
    found = folder.stat()
    if account.uid == found.st_uid:
        bit = 0o100
    elif account.gid == found.st_gid:
        bit = 0o010
    else:
        bit = 0o001
    return account.uid == 0 or bool(found.st_mode & bit)


def enterable_folder(account: Account, data: Path) -> Path:
    """The folder for the private servers' files: the data folder, or one under /var/lib that they can enter."""
    if may_enter(account, data):
        return data
    elsewhere = Path("/var/lib") / f"techfest-{short_name(data)}"
    elsewhere.mkdir(mode=0o711, exist_ok=True)
    return elsewhere


def enterable_programs(account: Account, package: Path, elsewhere: Path) -> Path:
    """``package``, or where ``account`` cannot enter it (a checkout below /root) a copy of it in ``elsewhere``.

    The libraries that the wheel keeps beside the package are found by a relative path, so they are copied along.
    """
    if may_enter(account, package):
        return package
    target = elsewhere / "programs"
    target.mkdir(mode=0o755, exist_ok=True)
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.is_dir() and not (target / folder.name).is_dir():
            shutil.copytree(folder, target / f"{folder.name}.new", dirs_exist_ok=True)
            (target / f"{folder.name}.new").rename(target / folder.name)
    return target / package.name


def site_packages() -> Path:
    """The folder of the installed wheels in the checkout's environment."""
    found = sorted((ROOT / ".venv" / "lib").glob("python3.*/site-packages"))
    if not found:
        raise Refusal("The Python environment .venv is not complete. Remove it and start again.")
    return found[-1]
