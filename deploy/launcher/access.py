"""Who may speak to the private cluster as which role.

Where web and workers run as a user of their own, they may be the application and nobody else: the owner's role is a
superuser, so only root and the cluster's user are let in as it. An ordinary user who starts everything owns the
cluster's files anyway; there the socket's folder is closed to others, and the socket asks for no more.
"""

import os
import pwd
from pathlib import Path

from .folders import write_private
from .processes import Account
from .words import say

_HEAD = "# Written by deploy/up at each start.\n"
_MAP = "launcher"


def write_rules(folder: Path, *, account: Account, owner: str, application: str, is_shared: bool) -> None:
    """Writes the rules of the cluster in ``folder``, also in one of an earlier release, before its server starts.

    ``account`` is the server's; ``owner`` is the database's name as well. ``is_shared`` says that a group of other
    users reaches the socket.
    """
    names = _names(account) if is_shared else []
    if names:
        rules = f"local {owner} {application} trust\nlocal all,replication {owner} peer map={_MAP}\n"
    else:
        rules = "local all all trust\nlocal replication all trust\n"
    file_owner = account.uid if os.getuid() == 0 else None
    mapped = "".join(f'{_MAP} "{name}" {owner}\n' for name in names)
    write_private(folder / "pg_ident.conf", _HEAD + mapped, owner=file_owner)
    write_private(folder / "pg_hba.conf", _HEAD + rules, owner=file_owner)


def _names(account: Account) -> list[str]:
    """Root's name and that of the server's user; none where that has no name, by which PostgreSQL would know it."""
    try:
        return [pwd.getpwuid(uid).pw_name for uid in dict.fromkeys((0, account.uid))]
    except KeyError:
        say(
            f"The database takes the site's user for its owner: user {account.uid}, who owns the cluster, has no name."
            f" Add one (useradd --uid {account.uid} ...) and start again."
        )
        return []
