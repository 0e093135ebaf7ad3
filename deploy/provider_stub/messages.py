"""What a provider was handed: the two wire formats read into one kind of message."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.utils import getaddresses
from typing import Any
from urllib.parse import parse_qsl

_NAME = re.compile(r'\bname="([^"]*)"')
_FILENAME = re.compile(r'\bfilename="([^"]*)"')
_ADDRESS = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")


class MessageError(Exception):
    """The provider would refuse this message for good; the text is its reason."""


@dataclass(frozen=True)
class Part:
    """One field of a form; ``filename`` is None for an ordinary field."""

    name: str
    filename: str | None
    content_type: str
    content: bytes


@dataclass
class Message:
    """One message as the provider understood it; ``recipients`` are bare addresses of to, cc and bcc."""

    provider: str
    sender: str
    recipients: list[str]
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    metadata: dict[str, Any]
    key: str | None = None
    tags: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    """What the provider is asked to do with the message, such as to track clicks."""
    attachments: list[dict[str, Any]] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)

    def attach(self, name: str, content_type: str, content: bytes) -> None:
        """Keep an attachment: its description for the record, its bytes apart."""
        digest = hashlib.sha256(content).hexdigest()
        described = {"name": name, "type": content_type, "size": len(content), "sha256": digest}
        self.attachments.append(described)
        self.files.append(content)


def read_mailgun(content_type: str, body: bytes) -> Message:
    """A message from Mailgun's ``messages`` or ``messages.mime`` call; raises MessageError."""
    parts = form_parts(content_type, body)
    fields: dict[str, list[str]] = {}
    for part in parts:
        if part.filename is None:
            fields.setdefault(part.name, []).append(part.content.decode())
    message = Message(
        provider="mailgun",
        sender=_first(fields, "from"),
        recipients=_recipients("to", [fields.get(kind, []) for kind in ("to", "cc", "bcc")]),
        subject=_first(fields, "subject"),
        text=_first(fields, "text"),
        html=_first(fields, "html"),
        headers={name[2:]: values[-1] for name, values in fields.items() if name.startswith("h:")},
        metadata={name[2:]: values[-1] for name, values in fields.items() if name.startswith("v:")},
        tags=fields.get("o:tag", []),
        options={name[2:]: values[-1] for name, values in fields.items() if name.startswith("o:")},
    )
    for part in parts:
        if part.filename is not None and part.name == "message":
            _read_mime(message, part.content)
        elif part.filename is not None:
            message.attach(part.filename, part.content_type, part.content)
    if not message.sender:
        raise MessageError("from parameter is missing")
    return message


def read_brevo(body: bytes) -> Message:
    """A message from Brevo's ``smtp/email`` call; raises MessageError."""
    try:
        data = json.loads(body)
        headers = {str(name): str(value) for name, value in data.get("headers", {}).items()}
        folded = {name.lower(): value for name, value in headers.items()}
        addresses = [[person["email"] for person in data.get(kind, [])] for kind in ("to", "cc", "bcc")]
        message = Message(
            provider="brevo",
            sender=f"{data['sender'].get('name', '')} <{data['sender']['email']}>".strip(),
            recipients=_recipients("to", addresses),
            subject=data.get("subject", ""),
            text=data.get("textContent", ""),
            html=data.get("htmlContent", ""),
            headers=headers,
            metadata=json.loads(folded.get("x-mailin-custom", "{}")),
            key=folded.get("idempotencykey"),
            tags=data.get("tags", []),
        )
        for file in data.get("attachment", []):
            message.attach(file["name"], "", base64.b64decode(file["content"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MessageError(f"the body cannot be read: {error!r}") from error
    return message


def form_parts(content_type: str, body: bytes) -> list[Part]:
    """The fields of an urlencoded or multipart form, in order; raises MessageError."""
    if content_type.startswith("application/x-www-form-urlencoded"):
        pairs = parse_qsl(body.decode(), keep_blank_values=True)
        return [Part(name, None, "", value.encode()) for name, value in pairs]
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if not content_type.startswith("multipart/form-data") or not found:
        raise MessageError(f"not a form: {content_type!r}")
    pieces = (b"\r\n" + body).split(b"\r\n--" + found.group(1).encode())
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    head, _, content = piece.partition(b"\r\n\r\n")
    lines = head.decode().splitlines()
    disposition = next((line for line in lines if line.lower().startswith("content-disposition")), "")
    kind = next((line.partition(":")[2] for line in lines if line.lower().startswith("content-type")), "")
    name, filename = _NAME.search(disposition), _FILENAME.search(disposition)
    return Part(
        name=_plain(name.group(1)) if name else "",
        filename=_plain(filename.group(1)) if filename else None,
        content_type=kind.strip(),
        content=content,
    )


def _plain(quoted: str) -> str:
    """Undo the browser's escapes of a quote and of line ends in a field's name."""
    return quoted.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def _first(fields: Mapping[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[0]


def _recipients(parameter: str, groups: Iterable[list[str]]) -> list[str]:
    addresses = [address for group in groups for _, address in getaddresses(group)]
    if not addresses:
        raise MessageError(f"{parameter} parameter is missing")
    if not all(_ADDRESS.fullmatch(address) for address in addresses):
        raise MessageError(f"{parameter} parameter is not a valid address. please check documentation")
    return addresses


def _read_mime(message: Message, content: bytes) -> None:
    """Fill a message from ready MIME text, as ``messages.mime`` takes it."""
    mime = message_from_bytes(content, policy=policy.default)
    message.subject = str(mime.get("Subject", ""))
    message.sender = message.sender or str(mime.get("From", ""))
    for part in mime.walk():
        if part.is_multipart():
            continue
        payload = part.get_payload(decode=True)
        raw = payload if isinstance(payload, bytes) else b""
        if name := part.get_filename():
            message.attach(name, part.get_content_type(), raw)
        elif part.get_content_type() == "text/html":
            message.html = raw.decode()
        elif part.get_content_type() == "text/plain":
            message.text = raw.decode()
