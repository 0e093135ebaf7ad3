"""The browser's own inputs for days and times: they show the visitor's calendar and need no script."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from django.utils.text import capfirst
from django.utils.translation import gettext as _


class NativeDateInput(forms.DateInput):
    """A day. Text that is no day, from a browser without such an input, is shown in a text input and is not lost."""

    input_type = "date"

    def __init__(self, attrs: Any = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        if not _can_show(context["widget"]["value"], parse_date):
            context["widget"]["type"] = "text"
        return context


class NativeTimeInput(forms.TimeInput):
    """A time of day, with seconds only where they are not zero."""

    input_type = "time"
    supports_microseconds = False

    def __init__(self, attrs: Any = None) -> None:
        super().__init__(attrs, format="%H:%M:%S")

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, dt.time):
            return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"
        return super().format_value(value)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        shown = context["widget"]["value"]
        if not _can_show(shown, parse_time):
            context["widget"]["type"] = "text"
        elif shown and shown.count(":") == 2:
            context["widget"]["attrs"]["step"] = 1  # else the browser refuses the seconds
        return context


class NativeMomentInput(forms.DateTimeInput):
    """A day and a time in one input, for forms whose fields are not compared with hidden initial values."""

    input_type = "datetime-local"

    def __init__(self, attrs: Any = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        if not _can_show(context["widget"]["value"], parse_datetime):
            context["widget"]["type"] = "text"
        return context


def _can_show(shown: str | None, parse: Callable[[str], Any]) -> bool:
    try:
        return not shown or parse(shown) is not None
    except ValueError:
        return False


class NativeDateTimeInput(forms.SplitDateTimeWidget):
    """A day and a time in two inputs, each with a name for screen readers."""

    def __init__(self, attrs: Any = None) -> None:
        forms.MultiWidget.__init__(self, [NativeDateInput(attrs), NativeTimeInput(attrs)])

    def name_parts(self, label: Any) -> None:
        """Name both inputs by the label of their field."""
        for part, text in zip(self.widgets, (_("%(field)s: day"), _("%(field)s: time")), strict=True):
            part.attrs["aria-label"] = text % {"field": capfirst(str(label or ""))}
