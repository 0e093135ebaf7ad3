"""The stub's HTTP server: small, in one thread, each answer in one write."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from deploy.provider_stub.ledger import Ledger
from deploy.provider_stub.messages import Message, MessageError, read_brevo, read_mailgun
from deploy.provider_stub.script import Rule, Script, ScriptError

BODY_LIMIT = 32 * 1024 * 1024
CONTROL = "/__stub__/"


@dataclass(frozen=True)
class Request:
    """One request, its header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class ProviderStub:
    """Listens on a port for the product and on another, which is never closed, for its director."""

    def __init__(self, *, delay: float = 0.0) -> None:
        self.default_delay = delay
        self.script = Script(delay=delay)
        self.ledger = Ledger()
        self.port = 0
        self.control_port = 0
        self._front: asyncio.Server | None = None
        self._control: asyncio.Server | None = None

    async def start(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Open both ports; 0 lets the system choose."""
        self._control = await asyncio.start_server(self._serve, host, 0, backlog=128)
        self.control_port = self._control.sockets[0].getsockname()[1]
        self.port = port
        await self.open_front()

    async def open_front(self) -> None:
        """Listen (again) for the product, on the same port as before."""
        if self._front is None:
            self._front = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=4096)
            self.port = self._front.sockets[0].getsockname()[1]

    async def close_front(self) -> None:
        """Refuse new connections of the product."""
        if self._front is not None:
            self._front.close()
            self._front = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, EOFError, asyncio.LimitOverrunError):
            while request := await read_request(reader):
                answer = await self._answer(request, reader)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        writer.close()

    async def _answer(self, request: Request, reader: asyncio.StreamReader) -> bytes | None:
        """The reply as bytes, or None to close the connection without one."""
        if request.path.startswith(CONTROL):
            return await self._direct(request)
        self.ledger.in_flight += 1
        self.ledger.max_in_flight = max(self.ledger.max_in_flight, self.ledger.in_flight)
        try:
            return await self._send_call(request, reader)
        finally:
            self.ledger.in_flight -= 1

    async def _send_call(self, request: Request, reader: asyncio.StreamReader) -> bytes | None:
        try:
            message = read_message(request)
        except MessageError as error:
            self.ledger.count("refused")
            return reply(HTTPStatus.BAD_REQUEST, {"code": "invalid_parameter", "message": str(error)})
        if message is None:
            return reply(HTTPStatus.NOT_FOUND, {"message": "Not found"})
        if not (request.headers.get("authorization") or request.headers.get("api-key")):
            self.ledger.count("refused")
            return reply(HTTPStatus.UNAUTHORIZED, {"code": "unauthorized", "message": "Key not found"})
        rule = self.script.next_rule(message.recipients)
        return await self._follow(rule, message, reader)

    async def _follow(self, rule: Rule, message: Message, reader: asyncio.StreamReader) -> bytes | None:
        """A message is accepted before the delay, as at a provider whose answer is slow to arrive."""
        message_id = ""
        if rule.do.startswith("accept") or rule.do == "garbage":
            message_id = self.ledger.accept(message, key_seconds=self.script.key_seconds)
        if rule.do.endswith("hang"):
            await reader.read(1)
            return None
        delay = self.script.delay if rule.delay is None else rule.delay
        if delay:
            await asyncio.sleep(delay)
        if rule.do.endswith("drop"):
            return None
        if rule.do == "garbage":
            return reply(HTTPStatus.OK, b"<html>It works!</html>")
        if rule.do == "status":
            self.ledger.count(f"status_{rule.status}")
            body = rule.body or {"code": "scripted", "message": f"scripted answer {rule.status}"}
            return reply(rule.status, body, retry_after=rule.retry_after)
        return _accepted(message, message_id)

    async def _direct(self, request: Request) -> bytes:
        """The director's calls: script, reset, accepted, status, file/<sha256>."""
        call = request.path.removeprefix(CONTROL)
        if call == "accepted":
            return reply(HTTPStatus.OK, self.ledger.accepted)
        if call.startswith("file/") and (content := self.ledger.files.get(call.removeprefix("file/"))):
            return reply(HTTPStatus.OK, content)
        if call == "reset" and request.method == "POST":
            self.ledger.reset()
            self.script = Script(delay=self.default_delay)
            await self.open_front()
        elif call == "script" and request.method == "POST":
            try:
                await self._take_script(json.loads(request.body))
            except (ScriptError, ValueError, TypeError) as error:
                return reply(HTTPStatus.BAD_REQUEST, {"message": str(error)})
        elif call != "status":
            return reply(HTTPStatus.NOT_FOUND, {"message": "no such call"})
        return reply(HTTPStatus.OK, self.status())

    async def _take_script(self, given: dict[str, Any]) -> None:
        self.script.change(given)
        if given.get("refuse") is True:
            await self.close_front()
        elif given.get("refuse") is False:
            await self.open_front()

    def status(self) -> dict[str, Any]:
        """Counters and the rules that are left."""
        return {
            "delay": self.script.delay,
            "rules": [vars(rule) for rule in self.script.rules],
            "refusing": self._front is None,
            "counts": self.ledger.counts,
            "in_flight": self.ledger.in_flight,
            "max_in_flight": self.ledger.max_in_flight,
        }


def read_message(request: Request) -> Message | None:
    """The message of a send call, None for any other address; raises MessageError."""
    parts = request.path.strip("/").split("/")
    if request.method != "POST":
        return None
    if parts[-2:] == ["smtp", "email"]:
        return read_brevo(request.body)
    if len(parts) >= 2 and parts[-1] in {"messages", "messages.mime"}:
        return read_mailgun(request.headers.get("content-type", ""), request.body)
    return None


def _accepted(message: Message, message_id: str) -> bytes:
    if message.provider == "brevo":
        return reply(HTTPStatus.CREATED, {"messageId": message_id})
    return reply(HTTPStatus.OK, {"id": message_id, "message": "Queued. Thank you."})


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request of a connection, None at its end or when it is not HTTP."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    try:
        method, target, _ = first.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length") or 0)
    except ValueError:
        return None
    if length > BODY_LIMIT:
        return None
    body = await reader.readexactly(length) if length else b""
    return Request(method, target.partition("?")[0], headers, body)


def reply(status: int, body: object, *, retry_after: str | None = None) -> bytes:
    """Head and body of an answer as one piece, so that no packet waits for an acknowledgement."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
    phrase = HTTPStatus(status).phrase
    extra = f"Retry-After: {retry_after}\r\n" if retry_after is not None else ""
    head = (
        f"HTTP/1.1 {int(status)} {phrase}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(content)}\r\n{extra}Connection: keep-alive\r\n\r\n"
    )
    return head.encode() + content
