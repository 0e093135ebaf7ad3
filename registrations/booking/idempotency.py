"""Forms that may be sent twice: the idempotency key, and what was posted, to be sent again."""

import uuid

from django.http import QueryDict

from registrations.models import Submission


def read_key(data: QueryDict) -> uuid.UUID | None:
    """The form's idempotency key; `None` if it is missing or malformed."""
    try:
        return uuid.UUID(hex=data.get("key", ""))
    except ValueError:
        return None


def new_key() -> str:
    return Submission.new_key().hex


def posted_fields(data: QueryDict, *, key: str | None = None) -> list[tuple[str, str]]:
    """The posted names and values, for a form that sends them again; with another key if one is given."""
    fields = [
        (name, value)
        for name, values in data.lists()
        if name not in ("edit", "csrfmiddlewaretoken")
        for value in values
    ]
    if key is None:
        return fields
    return [("key", key), *((name, value) for name, value in fields if name != "key")]
