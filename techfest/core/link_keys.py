"""What names a row in a link: random, and never given again, unlike its primary key."""

import secrets
import uuid
from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.db import models


def new_link_id() -> uuid.UUID:
    """128 random bits; no version bits are set, so that none is lost."""
    return uuid.UUID(bytes=secrets.token_bytes(16))


def link_id_field() -> "models.UUIDField[Any, Any]":
    """The column that a link looks a row up by.

    After a database was restored, primary keys are given a second time: a link that carried one would open
    another person's page. It also told how many rows there are. Rows that are inserted without the model get
    theirs from the database.
    """
    return models.UUIDField(unique=True, default=new_link_id, db_default=RandomUUID(), editable=False)
