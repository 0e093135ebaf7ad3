"""Rows that all tests of a module start from: made once, while what a test changes is rolled back after it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

# keep_rows(build_fest, name="Riverside Tech Fest")
KeepRows = Callable[..., Any]
FOLDER = pytest.StashKey[Path]()
"""The files that were written while the rows were made; each test gets a copy of them."""


@contextmanager
def kept_rows(folder: Path) -> Iterator[KeepRows]:
    """Yields a function that makes rows, which are gone at the end of the block.

    The rows are in a transaction that stays open, and the transaction of each test is a savepoint in it.
    """
    block: Any = transaction.atomic()
    block._from_testcase = True  # as of Django's own tests: services may ask for a durable transaction in it
    files = override_settings(
        DATA=folder,
        MEDIA_ROOT=folder / "media",
        EMAIL_FILE_PATH=folder / "mail",
        PASSWORD_HASHERS=["techfest.tests.support.passwords.QuickHasher"],
    )

    def keep(make: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with files:
            return make(*arguments, **named)

    with block:
        yield keep
        transaction.set_rollback(True)
