"""The mail that tells several at once: what was held for a mailbox, with the links that the address may have."""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from anymail.message import AnymailMessage
from django.utils import timezone, translation

from registrations.models import Student
from tickets.content import absolute
from tickets.mail.headers import build_message
from tickets.models import Delivery

MAX_TOLD = 20
"""Parts that one mail tells one by one; of what a program did, the rest is only counted."""


@dataclass(slots=True)
class _Section:
    """What the mail tells of one student; `items` are the contexts of the parts."""

    student: Student
    items: list[dict[str, Any]] = field(default_factory=list)

    @property
    def my_url(self) -> str:
        return next((item["my_url"] for item in self.items if item["my_url"]), "")


def fetch_parts(claimed: Iterable[Delivery]) -> list[Delivery]:
    """The parts that the digests among these deliveries tell; each digest keeps its own at hand."""
    found = []
    for digest in claimed:
        if digest.kind == Delivery.Kind.DIGEST:
            vars(digest)["parts_at_hand"] = _read_parts(digest)
            found += parts_of(digest)[0]
    return found


def parts_of(digest: Delivery) -> tuple[list[Delivery], int]:
    """The parts to be told one by one, in the order of their causes, and how many more there are."""
    known: tuple[list[Delivery], int] | None = vars(digest).get("parts_at_hand")
    return known or _read_parts(digest)


def _read_parts(digest: Delivery) -> tuple[list[Delivery], int]:
    """What goes to another spelling of the address is counted only: it may be somebody else's to read."""
    rows = Delivery.objects.filter(gathered_into=digest)
    mine = rows.filter(to__iexact=digest.to).select_related("student__fest", "student__school")
    shown = list(mine.order_by("created_at", "pk")[:MAX_TOLD])
    return shown, rows.count() - len(shown)


def in_place_of(digest: Delivery, part: Delivery) -> Delivery:
    """The part as it goes under the digest's key; this copy is written from, and never saved."""
    one = copy(part)
    one.key, one.to = digest.key, digest.to
    return one


def compose(
    digest: Delivery, shown: Sequence[tuple[Delivery, dict[str, Any]]], left_out: int
) -> AnymailMessage | None:
    """The mail, in the first student's language; `None` where nothing of it is true any more."""
    if not shown:
        return None
    sections: dict[int, _Section] = {}
    for part, context in shown:
        student = context["student"]
        sections.setdefault(student.pk, _Section(student)).items.append(context | {"kind": part.kind})
    fest = shown[0][1]["fest"]
    with translation.override(shown[0][1]["student"].language), timezone.override(fest.zone):
        context = {
            "fest": fest,
            "sections": list(sections.values()),
            "left_out": left_out,
            "find_link_url": absolute("/link/"),
        }
        return build_message(digest, context)
