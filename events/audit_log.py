"""The audit trail of what is no registration: events, tickets, schools, results, gates."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from events.models import AuditEntry

Changes = tuple[dict[str, Any], dict[str, Any]]
"""What was there before and after, by field, only of what changed."""
NOTHING: Changes = ({}, {})
LONGEST = 1000
"""Signs of one value that are kept."""
REDACTED = "…"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was done, in the words of a page."""

    at: dt.datetime
    who: str
    what: str
    values: tuple[tuple[str, Any, Any], ...] = ()
    """Field, before, after."""
    reason: str = ""
    about: str = ""
    """To which row, where a page tells of several."""


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
    if not isinstance(subject.pk, int):  # a picture, a merged reference: written once, and nobody's to change
        return AuditEntry.objects.none()
    rows = AuditEntry.objects.filter(subject_kind=subject._meta.label_lower, subject_id=subject.pk)
    return rows.select_related("user").order_by("-at", "-pk")


def changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """What differs between two sets of values by field, as `record` takes it.

    Rows become their names, times ISO text, long texts are cut, and what is no text at all (a picture) is only
    said to be there.
    """
    pairs = {name: (_plain(before.get(name)), _plain(after.get(name))) for name in {**before, **after}}
    differing = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    return (
        {name: old for name, (old, _new) in differing.items()},
        {name: new for name, (_old, new) in differing.items()},
    )


def changes_in(form: Any, formsets: Iterable[Any] = (), *, redacted_fields: Iterable[str] = ()) -> Changes:
    """What a valid form at the desk changes, with the rows below it; of `redacted_fields` only that they changed."""
    names = [name for name in form.changed_data if name in form.cleaned_data]
    old = {name: form.get_initial_for_field(form.fields[name], name) for name in names}
    rows = {name: form.fields[name] for name in names if hasattr(form.fields[name], "queryset")}
    old |= {name: _rows_of(field, old[name]) for name, field in rows.items()}
    before, after = changes_of(old, {name: form.cleaned_data[name] for name in names})
    for name in set(redacted_fields) & after.keys():
        before[name] = after[name] = REDACTED
    for formset in formsets:
        gone, new = (
            formset.deleted_objects,
            [*formset.new_objects, *(row for row, _ in formset.changed_objects)],
        )
        if gone or new:
            before[formset.prefix], after[formset.prefix] = (
                [str(row) for row in gone],
                [str(row) for row in new],
            )
    return before, after


def lines(entries: Iterable[AuditEntry]) -> list[Line]:
    """The entries in the words of a page."""
    return [
        Line(
            at=entry.at,
            who=name_of(entry.user),
            what=entry.what,
            values=tuple(
                (name, entry.before.get(name, ""), entry.after.get(name, ""))
                for name in {**entry.before, **entry.after}
            ),
            reason=entry.reason,
        )
        for entry in entries
    ]


def name_of(user: Any) -> str:
    """How a page names who did something."""
    return (user.get_full_name() or user.get_username()) if user else _("the system")


def _rows_of(field: Any, value: Any) -> Any:
    """The row or rows that a form named by number."""
    if isinstance(value, list | tuple | QuerySet):
        return list(value)
    return (
        value
        if value is None or isinstance(value, Model)
        else field.queryset.model._default_manager.filter(pk=value).first()
    )


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | set | frozenset | QuerySet):
        return sorted(str(_plain(one)) for one in value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, str | Model | Decimal):
        return Truncator(str(value)).chars(LONGEST)
    return REDACTED
