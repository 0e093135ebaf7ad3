"""The audit log: who did what to which row, when and why.

It covers rows that have no history of their own: events, tickets, schools, results, gates, accounts. The model
belongs to an app, which hands it over with `use_model` once it is ready.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from django.db.models import Model, QuerySet
from django.utils.text import Truncator
from django.utils.translation import gettext as _

Changes = tuple[dict[str, Any], dict[str, Any]]
"""The values before and after, by field name; only fields that differ."""
NOTHING: Changes = ({}, {})
MAX_VALUE_CHARACTERS = 1000
REDACTED = "…"

_models: list[type[Model]] = []


class Entry(Protocol):
    """A row of the audit log."""

    at: dt.datetime
    user: Any
    subject_kind: str
    subject_id: int
    what: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a history page."""

    at: dt.datetime
    who: str
    what: str
    values: tuple[tuple[str, Any, Any], ...] = ()
    """Field name, old value, new value."""
    reason: str = ""
    about: str = ""
    """The row it concerns, on pages that list several."""


def use_model(model: type[Model]) -> None:
    """Stores entries in this model, which has the fields of `Entry`."""
    _models[:] = [model]


def entries() -> QuerySet[Any]:
    """All entries."""
    return _models[0]._default_manager.all()


def record(
    subject: Model,
    *,
    what: str,
    now: dt.datetime,
    user: Any = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> Entry:
    """Writes one entry in the caller's transaction.

    `what` is a short English verb (`changed`, `re-issued`); `before` and `after` map field names to JSON values
    and hold only what changed. They must not contain personal details.
    """
    entry: Entry = entries().create(
        at=now,
        user=user,
        subject_kind=subject._meta.label_lower,
        subject_id=subject.pk,
        what=what,
        before=dict(before or {}),
        after=dict(after or {}),
        reason=reason,
    )
    return entry


def entries_of(subject: Model) -> QuerySet[Any]:
    """The entries about this row, the latest first; none for rows whose primary key is not an integer."""
    if not isinstance(subject.pk, int):  # pictures and merged references are written once and never change
        return entries().none()
    rows = entries().filter(subject_kind=subject._meta.label_lower, subject_id=subject.pk)
    return rows.select_related("user").order_by("-at", "-pk")


def changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """The differences between two mappings of values by field name, in the form that `record` takes.

    Rows are replaced by their names and times by ISO text; long texts are cut. A value that is not text, such as
    a picture, is replaced by a placeholder.
    """
    pairs = {name: (_plain(before.get(name)), _plain(after.get(name))) for name in {**before, **after}}
    differing = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    return (
        {name: old for name, (old, _new) in differing.items()},
        {name: new for name, (_old, new) in differing.items()},
    )


def changes_in(form: Any, formsets: Iterable[Any] = (), *, redacted_fields: Iterable[str] = ()) -> Changes:
    """The changes that a valid admin form and its formsets make; values of `redacted_fields` are left out."""
    names = [name for name in form.changed_data if name in form.cleaned_data]
    old = {name: form.get_initial_for_field(form.fields[name], name) for name in names}
    rows = {name: form.fields[name] for name in names if hasattr(form.fields[name], "queryset")}
    old |= {name: _rows_of(field, old[name]) for name, field in rows.items()}
    before, after = changes_of(old, {name: form.cleaned_data[name] for name in names})
    for name in set(redacted_fields) & after.keys():
        before[name] = after[name] = REDACTED
    for formset in formsets:
        gone = formset.deleted_objects
        new = [*formset.new_objects, *(row for row, _ in formset.changed_objects)]
        if gone or new:
            before[formset.prefix] = [str(row) for row in gone]
            after[formset.prefix] = [str(row) for row in new]
    return before, after


def lines(found: Iterable[Entry]) -> list[Line]:
    """The entries as lines of a history page."""
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
        for entry in found
    ]


def name_of(user: Any) -> str:
    """The name of an account as pages show it."""
    return (user.get_full_name() or user.get_username()) if user else _("the system")


def _rows_of(field: Any, value: Any) -> Any:
    """The row or rows behind the primary keys in a form's initial value."""
    if isinstance(value, list | tuple | QuerySet):
        return list(value)
    if value is None or isinstance(value, Model):
        return value
    return field.queryset.model._default_manager.filter(pk=value).first()


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | set | frozenset | QuerySet):
        return sorted(str(_plain(one)) for one in value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, str | Model | Decimal):
        return Truncator(str(value)).chars(MAX_VALUE_CHARACTERS)
    return REDACTED
