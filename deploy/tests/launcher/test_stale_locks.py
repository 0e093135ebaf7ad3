"""A start right after a hard kill: the lock files name a server that is dead, and that nothing has reaped."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.launcher import folders, postgres
from deploy.launcher.postgres import Cluster
from deploy.launcher.processes import Process, birth
from deploy.tests.copies import children_of, wait_until_gone

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="only Linux tells what a process is"),
]


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster with its files, in a folder that its user may enter."""
    with tempfile.TemporaryDirectory(prefix="techfest-locks-") as name:
        data = Path(name)
        data.chmod(0o711)
        (data / "log").mkdir()
        made = postgres.cluster(data)
        try:
            postgres.make_files(made, durable=False)
            yield made
        finally:
            folders.forget_sockets(data)


@pytest.fixture
def zombie(cluster: Cluster) -> Iterator[int]:
    """The number of a killed server of this cluster that nothing reaps; its lock files are still there."""
    server = _started(cluster)
    family = {child: birth(child) or "" for child in children_of(server.pid)}
    os.kill(server.pid, signal.SIGKILL)
    os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)
    assert wait_until_gone(family, seconds=5) == []
    yield server.pid
    server.kill_group()


def test_zombie_of_the_clusters_user_does_not_stop_the_next_start(cluster: Cluster, zombie: int) -> None:
    locks = [(cluster.folder / "postmaster.pid"), *cluster.sockets.glob("*.lock")]
    named = {file.read_text().split()[0] for file in locks}
    postgres.make_files(cluster, durable=False)
    server = _started(cluster)
    server.kill_group()
    assert (len(locks), named) == (2, {str(zombie)})


def test_lock_of_a_living_server_stays(cluster: Cluster) -> None:
    server = _started(cluster)
    try:
        postgres.make_files(cluster, durable=False)
        kept = [(cluster.folder / "postmaster.pid").exists(), len(list(cluster.sockets.glob("*.lock")))]
    finally:
        server.kill_group()
    assert kept == [True, 1]


def _started(cluster: Cluster) -> Process:
    server = postgres.server(cluster, durable=False)
    server.start()
    try:
        postgres.wait_until_ready(cluster, server)
    except BaseException:
        server.kill_group()
        raise
    return server
