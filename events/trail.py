"""The audit trail of what is no registration: events, tickets, schools, results, gates."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Model, QuerySet

from events.models import AuditEntry


def record(
    subject: Model,
    *,
    what: str,
    now: dt.datetime,
    user: Any = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Writes one entry as part of the caller's transaction.

    `what` is a short verb in English (`changed`, `re-issued`), `before` and `after` are JSON values by the
    field's name, only of what changed. Nobody's personal details may stand in them.
    """
    return AuditEntry.objects.create(
        at=now,
        user=user,
        subject_kind=subject._meta.label_lower,
        subject_id=subject.pk,
        what=what,
        before=dict(before or {}),
        after=dict(after or {}),
        reason=reason,
    )


def entries_of(subject: Model) -> QuerySet[AuditEntry]:
    """What was done to this row, the latest first."""
    rows = AuditEntry.objects.filter(subject_kind=subject._meta.label_lower, subject_id=subject.pk)
    return rows.select_related("user").order_by("-at", "-pk")
