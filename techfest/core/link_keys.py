"""Random keys that identify rows in links and, unlike primary keys, are never reused."""

import secrets
import uuid
from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.db import models


def new_link_id() -> uuid.UUID:
    """A UUID of 128 random bits, without version bits."""
    return uuid.UUID(bytes=secrets.token_bytes(16))


def link_id_field() -> "models.UUIDField[Any, Any]":
    """The column by which links look up a row.

    After a restore the database assigns the same primary keys again, so links with primary keys would open other
    people's pages; they would also reveal the number of rows. Rows inserted without the model get a database default.
    """
    return models.UUIDField(unique=True, default=new_link_id, db_default=RandomUUID(), editable=False)
