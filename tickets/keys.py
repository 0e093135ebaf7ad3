"""Random keys of 128 bits: too many values for the same one to be drawn twice."""

import secrets
import uuid


def random_key() -> uuid.UUID:
    """A key for a delivery or a scan. It sets no UUID version bits, so that all 128 bits are random."""
    return uuid.UUID(bytes=secrets.token_bytes(16))
