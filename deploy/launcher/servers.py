"""The private database and the private Redis of one data folder, where the caller brings none."""

import os
from dataclasses import dataclass
from pathlib import Path

from . import access, postgres, valkey
from .accounts import enterable_folder, server_account
from .folders import socket_folder
from .processes import Account
from .supervisor import Supervisor


@dataclass(frozen=True)
class Addresses:
    """Where database and broker are, and whether the database is a private one that may hold the sample.

    ``owner`` is the database's address for the role that may change tables: migrations use it, web and workers
    do not. ``migrator`` is the system user that the private cluster takes for that role, where it is only one.
    """

    database: str
    owner: str
    redis: str
    is_private: bool
    migrator: Account | None = None


def start(
    supervisor: Supervisor,
    data: Path,
    *,
    machine_version: str | None = None,
    durable: bool = True,
    group: int | None = None,
) -> Addresses:
    """Starts what ``DATABASE_URL`` and ``REDIS_URL`` do not name, and returns when both answer.

    Members of ``group`` may connect to them.
    """
    database, redis = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    owner = os.environ.get("DATABASE_OWNER_URL") or database
    is_private = not database
    migrator = None
    if not redis:
        redis = _start_redis(supervisor, data, group)
    if not database or not owner:
        cluster = postgres.cluster(data, machine_version=machine_version, group=group)
        _start_postgres(supervisor, cluster, durable=durable)
        database, owner = cluster.application_url, cluster.url
        migrator = cluster.account if group is not None else None
    return Addresses(database, owner, redis, is_private, migrator)


def _start_postgres(supervisor: Supervisor, cluster: postgres.Cluster, *, durable: bool) -> None:
    postgres.make_files(cluster, durable=durable)
    access.write_rules(
        cluster.folder,
        account=cluster.account,
        owner=postgres.DATABASE,
        application=postgres.APPLICATION,
        is_shared=cluster.group is not None,
    )
    process = postgres.server(cluster, durable=durable)
    supervisor.start(process, is_server=True)
    postgres.wait_until_ready(cluster, process)
    postgres.prepare_roles(cluster)


def _start_redis(supervisor: Supervisor, data: Path, group: int | None) -> str:
    account = server_account(data / "postgres")
    sockets = socket_folder(data, account.uid, group)
    process = valkey.server(
        sockets=sockets,
        base=enterable_folder(account, data),
        account=account,
        log=data / "log" / "redis.log",
        is_shared=group is not None,
    )
    supervisor.start(process, is_server=True)
    valkey.wait_until_ready(sockets, process)
    return valkey.url(sockets)
