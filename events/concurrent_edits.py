"""What somebody else changed of a row while its form was open, and which of it must be decided."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from events import audit_log
from events.admin_base import MergingForm
from techfest.core.formatting import exact_moment

DECIDE = "decide-"
"""Before the name of a field: `mine` or `theirs`."""
UNDECIDED = "undecided"
"""The names of the fields that the page asked about."""
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class ConcurrentEdit:
    """A field that is not as the form showed it: from what to what, by whom and when, where the trail knows.

    `mine` is what the form wants instead; it is empty where the reader left the field alone.
    """

    name: str
    label: str
    old: str
    new: str
    mine: str | None
    who: str
    when: dt.datetime | None

    @property
    def is_conflict(self) -> bool:
        """Both changed it, and not to the same."""
        return self.mine is not None


def find_concurrent_edits(form: MergingForm) -> list[ConcurrentEdit]:
    """What changed since the form was shown; the form is valid, and its row was read under its lock.

    A field whose value was brought to the same by both is no news to anybody.
    """
    undecided = set(form.data.getlist(UNDECIDED)) if isinstance(form.data, QueryDict) else set()
    stale = [name for name in form.fields if _is_stale(form, name) or name in undecided]
    last = _last_changes(form.instance, stale)
    found = [_describe(form, name, last.get(name)) for name in stale]
    return [one for one in found if one.old != one.new or one.is_conflict]


def _is_stale(form: MergingForm, name: str) -> bool:
    field, bound = form.fields[name], form[name]
    if not field.show_hidden_initial or not _was_sent(form.data, bound.html_initial_name):
        return False
    return _differs(field, bound.initial, _shown_with(form, name))


def _differs(field: forms.Field, one: Any, other: Any) -> bool:
    """But for the ends of lines: a browser sends each as two signs, whatever is stored."""
    return field.has_changed(_lines(one), _lines(other))


def _lines(value: Any) -> Any:
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _was_sent(data: Any, name: str) -> bool:
    return any(_is_of(key, name) for key in data)


def _shown_with(form: MergingForm, name: str) -> Any:
    widget = form.fields[name].hidden_widget()
    return widget.value_from_datadict(form.data, form.files, form[name].html_initial_name)


def _describe(form: MergingForm, name: str, entry: Any) -> ConcurrentEdit:
    field, bound = form.fields[name], form[name]
    wants = name in form.changed_data and _differs(field, bound.initial, bound.data)
    return ConcurrentEdit(
        name=name,
        label=str(bound.label or capfirst(name)),
        old=in_words(field, _cleaned(field, _shown_with(form, name))),
        new=in_words(field, bound.initial),
        mine=in_words(field, form.cleaned_data.get(name)) if wants else None,
        who=audit_log.name_of(entry.user) if entry else "",
        when=entry.at if entry else None,
    )


def _cleaned(field: forms.Field, raw: Any) -> Any:
    try:
        return field.clean(raw)
    except forms.ValidationError:
        return raw


def _last_changes(row: Model, names: Iterable[str]) -> Mapping[str, Any]:
    """The trail's newest entry about each of these fields."""
    names, found = set(names), dict[str, Any]()
    for entry in audit_log.entries_of(row)[:50] if names else ():
        for name in names & set(entry.after):
            found.setdefault(name, entry)
    return found


def in_words(field: forms.Field, value: Any) -> str:
    """A value as a reader knows it: choices by their labels, times by the zone that is active."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None or value == "":
        return _("empty")
    if isinstance(value, dt.datetime):
        return exact_moment(value)
    if isinstance(field, forms.ModelMultipleChoiceField):
        rows = value if isinstance(value, list | QuerySet) else [value]
        return ", ".join(sorted(str(one) for one in rows)) or _("empty")
    if (
        isinstance(field, forms.ModelChoiceField)
        and not isinstance(value, Model)
        and field.queryset is not None
    ):
        return str(field.queryset.filter(pk=value).first() or value)
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]  # no groups of choices here
    return Truncator(str(value)).chars(_LONGEST)


def decided(data: QueryDict) -> QueryDict:
    """What was posted, with what was decided put in its place: `theirs` leaves the field as it is by now.

    A field that the page asked about and nobody has decided stays undecided.
    """
    data = data.copy()
    left = []
    for name in data.getlist(UNDECIDED):
        match data.get(f"{DECIDE}{name}"):
            case "mine":
                continue
            case "theirs":
                _take_theirs(data, name)
            case _:
                left.append(name)
    data.setlist(UNDECIDED, left)
    return data


def _take_theirs(data: QueryDict, name: str) -> None:
    shown = f"initial-{name}"
    for key in [key for key in data if _is_of(key, name)]:
        del data[key]
    for key in [key for key in data if _is_of(key, shown)]:
        data.setlist(key.removeprefix("initial-"), data.getlist(key))


def carried(form: MergingForm, *, leave_out: Iterable[str] = ()) -> list[tuple[str, str]]:
    """The whole form as hidden fields, with the values that the row has by now as those it was shown with.

    A press of the next page is thus judged by what that page said, and not by what was true before it.
    """
    data = form.data if isinstance(form.data, QueryDict) else QueryDict()
    skipped = {"csrfmiddlewaretoken", UNDECIDED, *leave_out}
    hidden = [name for name, field in form.fields.items() if field.show_hidden_initial]
    untouched = [name for name in hidden if name not in form.changed_data]
    pairs = [
        (key, value)
        for key, values in data.lists()
        for value in values
        if key not in skipped
        and not key.startswith(("initial-", DECIDE, "seen", "hold-"))
        and not any(_is_of(key, name) for name in untouched)
    ]
    for name in hidden:
        pairs += _as_stored(form, name, form[name].html_initial_name)
    for name in untouched:
        pairs += _as_stored(form, name, form[name].html_name)
    return pairs


def _is_of(key: str, name: str) -> bool:
    """Whether this is what a browser sends of the field, or of one of its parts."""
    return key == name or (key.startswith(f"{name}_") and key.removeprefix(f"{name}_").isdecimal())


def _as_stored(form: MergingForm, name: str, sent_as: str) -> list[tuple[str, str]]:
    field = form.fields[name]
    value = field.prepare_value(form[name].initial)
    return _sent(field.hidden_widget().get_context(sent_as, value, {})["widget"])


def _sent(widget: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a browser would send of a hidden field."""
    if "subwidgets" in widget:
        return [pair for one in widget["subwidgets"] for pair in _sent(one)]
    return [(widget["name"], "" if widget["value"] is None else str(widget["value"]))]
