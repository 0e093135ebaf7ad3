"""The digest: one mail in place of several that were held for a mailbox."""

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from events.models import Fest
from registrations.models import Student
from tickets.content import absolute
from tickets.mail.kinds.base import MailKind
from tickets.models import Delivery

MAX_SHOWN = 20
"""The most parts that one mail shows; if a program caused more, the rest is only counted."""

WITHOUT_ENTRIES = {Delivery.Kind.LINK, Delivery.Kind.ATTEMPT, Delivery.Kind.CORRECTED}
"""Kinds of mail that are about the person, not about registrations."""


@dataclass(slots=True)
class _Section:
    """What the digest shows of one student; `items` are the contexts of the parts."""

    student: Student
    items: list[dict[str, Any]] = field(default_factory=list)

    @property
    def my_url(self) -> str:
        return next((item["my_url"] for item in self.items if item["my_url"]), "")


class Digest(MailKind):
    """Leaves out parts that are no longer true. A single part is composed as if it had been sent by itself."""

    kind = Delivery.Kind.DIGEST
    templates = "mail/digest"

    def __init__(self, kinds: Mapping[str, MailKind]) -> None:
        super().__init__()
        self._kinds = kinds
        self._parts: dict[int, tuple[list[Delivery], int]] = {}
        self._contexts: dict[int, list[dict[str, Any]]] = {}

    def parts(self, delivery: Delivery) -> list[Delivery]:
        self._parts[delivery.pk] = _read_parts(delivery)
        return self._parts[delivery.pk][0]

    def mail_of(self, delivery: Delivery) -> Delivery:
        """The only part, with the key of the digest; this copy is never saved."""
        if delivery.pk not in self._parts:
            self.parts(delivery)
        parts, left_out = self._parts[delivery.pk]
        if len(parts) != 1 or left_out:
            return delivery
        part = copy(parts[0])
        part.key, part.to = delivery.key, delivery.to
        return part

    def fest(self, delivery: Delivery) -> Fest | None:
        contexts = list(self._true_contexts(self._parts[delivery.pk][0]))
        self._contexts[delivery.pk] = contexts
        return contexts[0]["fest"] if contexts else None

    def language(self, delivery: Delivery) -> str:
        language: str = self._contexts[delivery.pk][0]["student"].language
        return language

    def context(self, delivery: Delivery, fest: Fest) -> dict[str, Any]:
        sections: dict[int, _Section] = {}
        for context in self._contexts.pop(delivery.pk):
            student = context["student"]
            sections.setdefault(student.pk, _Section(student)).items.append(context)
        _parts, left_out = self._parts.pop(delivery.pk)
        return {
            "sections": list(sections.values()),
            "left_out": left_out,
            "find_link_url": absolute("/link/"),
        }

    def _true_contexts(self, parts: Iterable[Delivery]) -> Iterable[dict[str, Any]]:
        for part in parts:
            kind = self._kinds[part.kind]
            fest = kind.fest(part)
            context = kind.context(part, fest) if fest else None
            if context is not None:
                yield context | {
                    "fest": fest,
                    "kind": part.kind,
                    "shows_entries": part.kind not in WITHOUT_ENTRIES,
                }


def _read_parts(digest: Delivery) -> tuple[list[Delivery], int]:
    """The parts to show, by the time of their causes, and how many more there are.

    A part to another spelling of the address is only counted, because that address may be another person's.
    """
    rows = Delivery.objects.filter(gathered_into=digest)
    mine = rows.filter(to__iexact=digest.to).select_related("student__fest", "student__school")
    shown = list(mine.order_by("created_at", "pk")[:MAX_SHOWN])
    return shown, rows.count() - len(shown)
