"""What a provider tells us afterwards: signed Mailgun events and Brevo events, for tests.

Mailgun signs ``timestamp + token`` with the account's webhook signing key (HMAC-SHA256, hex digits) and
posts the signature inside the JSON body, next to ``event-data``.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Any


def signed_event(
    signing_key: str,
    event: str,
    *,
    recipient: str,
    message_id: str = "<1.stub@provider.invalid>",
    metadata: Mapping[str, str] | None = None,
    severity: str = "permanent",
    at: float | None = None,
    token: str | None = None,
) -> dict[str, Any]:
    """The JSON body of a Mailgun webhook: ``delivered``, ``failed`` (with a severity) or ``complained``.

    ``at`` (seconds since 1970, default now) dates both the event and the signature; ``token`` is what makes
    an event unique, so the same token is the same event sent again.
    """
    moment = time.time() if at is None else at
    data: dict[str, Any] = {
        "id": secrets.token_urlsafe(16),
        "event": event,
        "timestamp": moment,
        "recipient": recipient,
        "message": {"headers": {"message-id": message_id.strip("<>"), "to": recipient}, "size": 1024},
        "user-variables": dict(metadata or {}),
        "tags": [],
    }
    if event == "failed":
        data |= {"severity": severity, "reason": "bounce" if severity == "permanent" else "generic"}
        data["delivery-status"] = {"code": 550, "message": "5.1.1 No such user", "description": ""}
    elif event == "delivered":
        data["delivery-status"] = {"code": 250, "message": "OK", "description": None}
    return {"signature": signature(signing_key, at=moment, token=token), "event-data": data}


def signature(signing_key: str, *, at: float, token: str | None = None) -> dict[str, str]:
    """Mailgun's signature block for a moment and a token (50 signs, random where not given)."""
    chosen = token or secrets.token_hex(25)
    timestamp = str(int(at))
    digest = hmac.new(signing_key.encode(), f"{timestamp}{chosen}".encode(), hashlib.sha256)
    return {"timestamp": timestamp, "token": chosen, "signature": digest.hexdigest()}


def brevo_event(
    event: str,
    *,
    recipient: str,
    message_id: str = "<1.stub@provider.invalid>",
    metadata: str = "{}",
    at: float | None = None,
) -> dict[str, Any]:
    """The JSON body of a Brevo webhook (``delivered``, ``hard_bounce``, ``spam``); Brevo signs nothing."""
    moment = time.time() if at is None else at
    return {
        "event": event,
        "email": recipient,
        "message-id": message_id,
        "ts_epoch": int(moment * 1000),
        "X-Mailin-custom": metadata,
    }
