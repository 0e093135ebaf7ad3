"""What the stub accepted: messages in order, keys that are still alive, files by digest."""

import time
from dataclasses import dataclass, field
from typing import Any

from deploy.provider_stub.messages import Message

FILES_LIMIT = 64 * 1024 * 1024


@dataclass
class Ledger:
    """The accepted messages and the counters; one object for the life of a stub."""

    accepted: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    keys: dict[str, tuple[float, str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    in_flight: int = 0
    max_in_flight: int = 0

    def reset(self) -> None:
        """Forget everything but the requests that are being answered now."""
        self.accepted.clear()
        self.files.clear()
        self.keys.clear()
        self.counts.clear()
        self.max_in_flight = self.in_flight

    def count(self, what: str) -> None:
        """One more of this kind of outcome."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def accept(self, message: Message, *, key_seconds: float) -> str:
        """Record a message and return its id; a key that is still alive returns the first id instead."""
        now = time.time()
        known = self.keys.get(message.key) if message.key else None
        if known and now - known[0] < key_seconds:
            self.count("repeated_key")
            return known[1]
        number = len(self.accepted) + 1
        message_id = f"<stub.{number}.{time.time_ns()}@provider.invalid>"
        if message.key:
            self.keys[message.key] = (now, message_id)
        self.accepted.append(self._entry(message, message_id, now))
        self._keep_files(message)
        self.count("accepted")
        return message_id

    def _entry(self, message: Message, message_id: str, now: float) -> dict[str, Any]:
        entry = {name: value for name, value in vars(message).items() if name != "files"}
        return entry | {"id": message_id, "at": now}

    def _keep_files(self, message: Message) -> None:
        left = FILES_LIMIT - sum(map(len, self.files.values())) if len(self.files) < 2000 else 0
        for described, content in zip(message.attachments, message.files, strict=True):
            if len(content) <= left:
                self.files[described["sha256"]] = content
