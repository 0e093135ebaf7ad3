"""One site that most of these tests look at, because a first start takes longest; each test leaves it ready."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.tests.copies import Copy, free_port


@pytest.fixture(scope="package")
def site() -> Iterator[Copy]:
    """A copy in a folder that the servers' own user can enter, which pytest's are not, started with the usual mask."""
    folder = Path(tempfile.mkdtemp(prefix="techfest-site-"))
    folder.chmod(0o755)
    copy = Copy(folder / "first folder", free_port())
    before = os.umask(0o022)
    try:
        copy.start()
        yield copy
    finally:
        os.umask(before)
        if copy.popen is not None and copy.process.poll() is None:
            copy.stop()
        copy.kill()
        shutil.rmtree(folder, ignore_errors=True)
