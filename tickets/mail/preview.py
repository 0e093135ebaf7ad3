"""The mails of an act that is only shown: how many, and the first of each kind as it will be sent."""

import re
from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Model

from registrations import hooks
from registrations.hooks import MailForecast
from techfest.core.admin.rehearsal import MailSample
from tickets.mail.compose import Composer
from tickets.mail.kinds.base import AS_SENT
from tickets.models import Delivery

_ADDRESS = re.compile(r"https?://\S+")
PERSONAL_LINK = "[…]"
"""Stands for each address: those of a student open all that is kept of him or her, and are for nobody else."""


def forecast_mails(rows: Sequence[Model], shows_mails: bool) -> MailForecast:
    """Count the queued mails among these rows; compose the first of each kind where they are shown."""
    queued = [row for row in rows if isinstance(row, Delivery) and row.state == Delivery.State.QUEUED]
    notices = [row for row in queued if row.kind == Delivery.Kind.NOTICE]
    mails = [row for row in queued if row.kind != Delivery.Kind.NOTICE]
    samples = _samples(mails) if shows_mails else []
    return MailForecast(to_students=len(mails), to_teachers=len(notices), samples=samples)


hooks.forecast_mails.register(forecast_mails)


def _samples(mails: Sequence[Delivery]) -> list[MailSample]:
    by_kind: dict[str, list[Delivery]] = defaultdict(list)
    for mail in mails:
        by_kind[mail.kind].append(mail)
    stored = {
        row.kind: row
        for row in Delivery.objects.filter(key__in=[some[0].key for some in by_kind.values()]).select_related(
            "student__fest", "change"
        )
    }
    token = AS_SENT.set(True)
    try:
        composed = {row.kind: message for row, message in Composer().compose(list(stored.values()))}
    finally:
        AS_SENT.reset(token)
    return [
        MailSample(len(some), str(composed[kind].subject), without_links(str(composed[kind].body)))
        for kind, some in by_kind.items()
        if kind in composed
    ]


def without_links(text: str) -> str:
    """Replace the addresses in a mail's text."""
    return _ADDRESS.sub(PERSONAL_LINK, text)
