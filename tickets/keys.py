"""Keys that are drawn: 128 random bits, so that none is ever drawn twice."""

import secrets
import uuid


def random_key() -> uuid.UUID:
    """For deliveries and scans; no version bits are set, so that none is lost."""
    return uuid.UUID(bytes=secrets.token_bytes(16))
