"""Edits that another user saved while a form was open: what changed, and which conflicts must be decided."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from techfest.core import audit_log
from techfest.core.formatting import exact_moment
from techfest.core.text_limits import LimitedText

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm

DECIDE = "decide-"
"""Prefix of a field's name; the value is `mine` or `theirs`."""
UNDECIDED = "undecided"
"""Holds the names of the fields that the page asked about."""
_MAX_CHARACTERS = 300


class ShownBoundField(forms.BoundField):
    """A field whose hidden initial value survives a page that comes back with an error or a question.

    Django repeats the hidden value only for fields with a single input. A date with a time has two, so the page
    would send back what was typed as what was shown, and the next save would take the field for unchanged.
    """

    def as_widget(self, widget: Any = None, attrs: Any = None, only_initial: bool = False) -> SafeString:
        hidden = self.field.hidden_widget()
        if only_initial and self.form.is_bound and isinstance(hidden, forms.MultiWidget):
            shown = hidden.value_from_datadict(self.form.data, self.form.files, self.html_initial_name)
            if any(part is not None for part in shown):
                return hidden.render(
                    self.html_initial_name, shown, {"id": self.html_initial_id}, self.form.renderer
                )
        return super().as_widget(widget, attrs, only_initial)

    def as_initial(self) -> SafeString:
        """The hidden fields with the value that the field is shown with."""
        return self.as_hidden(only_initial=True)


class MergingForm(LimitedText, _ModelForm):
    """A form that writes only the fields its user changed, however long the page was open.

    Each field carries the value it was shown with. A field that still has that value keeps what is stored now, so
    that two people can change different fields of one row.
    """

    bound_field_class = ShownBoundField
    parent_fields = frozenset({"fest"})
    """Foreign keys that the form does not show but within which values must be unique."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            for field in self.fields.values():
                field.show_hidden_initial = not isinstance(field, forms.FileField)

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - self.parent_fields if self.instance.pk is not None else excluded

    def clean(self) -> Any:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk is not None:
            for name in set(self.fields) - set(self.changed_data) - set(self.errors):
                if name in self.initial:
                    cleaned[name] = self._stored(name)
        return cleaned

    def _stored(self, name: str) -> Any:
        stored = getattr(self.instance, name)
        return stored.all() if self.instance._meta.get_field(name).many_to_many else stored


@dataclass(frozen=True, slots=True)
class ConcurrentEdit:
    """A field whose stored value is not the one the form showed; `who` and `when` come from the audit log.

    `mine` is the value that the form wants to save, or None if the user did not change the field.
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
        """Whether both changed the field, to different values."""
        return self.mine is not None


def find_concurrent_edits(form: MergingForm) -> list[ConcurrentEdit]:
    """The edits since the form was shown. The form must be valid and its row read under a lock.

    Fields that both users set to the same value are not reported.
    """
    undecided = set(form.data.getlist(UNDECIDED)) if isinstance(form.data, QueryDict) else set()
    stale = [name for name in form.fields if _is_stale(form, name) or name in undecided]
    last = _last_changes(form.instance, stale)
    found = [_edit_of(form, name, last.get(name)) for name in stale]
    return [one for one in found if one.old != one.new or one.is_conflict]


def _is_stale(form: MergingForm, name: str) -> bool:
    field, bound = form.fields[name], form[name]
    if not field.show_hidden_initial or not _was_sent(form.data, bound.html_initial_name):
        return False
    return _differs(field, bound.initial, _shown_with(form, name))


def _differs(field: forms.Field, one: Any, other: Any) -> bool:
    """Whether two values differ in more than line endings, which browsers send as CRLF."""
    return field.has_changed(_lines(one), _lines(other))


def _lines(value: Any) -> Any:
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _was_sent(data: Any, name: str) -> bool:
    return any(is_of(key, name) for key in data)


def _shown_with(form: MergingForm, name: str) -> Any:
    widget = form.fields[name].hidden_widget()
    return widget.value_from_datadict(form.data, form.files, form[name].html_initial_name)


def _edit_of(form: MergingForm, name: str, entry: Any) -> ConcurrentEdit:
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
    """The latest audit log entry about each of these fields."""
    names, found = set(names), dict[str, Any]()
    for entry in audit_log.entries_of(row)[:50] if names else ():
        for name in names & set(entry.after):
            found.setdefault(name, entry)
    return found


def in_words(field: forms.Field, value: Any) -> str:
    """A value as a page shows it: choices by their labels, times in the active time zone."""
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
    return Truncator(str(value)).chars(_MAX_CHARACTERS)


def decided(data: QueryDict) -> QueryDict:
    """The posted data with the user's decisions applied: `theirs` leaves the field as it is stored now.

    A field that the page asked about and that was not decided remains undecided.
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
    for key in [key for key in data if is_of(key, name)]:
        del data[key]
    for key in [key for key in data if is_of(key, shown)]:
        data.setlist(key.removeprefix("initial-"), data.getlist(key))


def carried(form: MergingForm, *, leave_out: Iterable[str] = ()) -> list[tuple[str, str]]:
    """The whole form as hidden fields for the next page, with the stored values as the ones it was shown with.

    A submission of the next page is therefore compared with what that page showed.
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
        and not any(is_of(key, name) for name in untouched)
    ]
    for name in hidden:
        pairs += _as_stored(form, name, form[name].html_initial_name)
    for name in untouched:
        pairs += _as_stored(form, name, form[name].html_name)
    return pairs


def stored_values(form: MergingForm) -> QueryDict:
    """What a browser would send from an unbound form of a stored row in which nothing was changed."""
    data = QueryDict(mutable=True)
    for name, field in form.fields.items():
        if field.show_hidden_initial:
            pairs = _as_stored(form, name, form[name].html_initial_name)
            pairs += _as_stored(form, name, form[name].html_name)
            for key, value in pairs:
                data.appendlist(key, value)
    return data


def is_of(key: str, name: str) -> bool:
    """Whether a browser sends this key for the field or for one of its parts."""
    return key == name or (key.startswith(f"{name}_") and key.removeprefix(f"{name}_").isdecimal())


def _as_stored(form: MergingForm, name: str, sent_as: str) -> list[tuple[str, str]]:
    field = form.fields[name]
    value = field.prepare_value(form[name].initial)
    return _sent(field.hidden_widget().get_context(sent_as, value, {})["widget"])


def _sent(widget: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a browser sends for a hidden field."""
    if "subwidgets" in widget:
        return [pair for one in widget["subwidgets"] for pair in _sent(one)]
    return [(widget["name"], "" if widget["value"] is None else str(widget["value"]))]
