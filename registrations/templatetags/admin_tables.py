"""The table of a list in the admin: what Django renders as cells, with labels, signs and alignment."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.html import conditional_escape, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from registrations.templatetags.references import untranslated
from techfest.core.admin.marks import mark

register = template.Library()

_PARTS = re.compile(r"<(?P<tag>t[dh])(?P<attributes>[^>]*)>(?P<content>.*)</t[dh]>", re.DOTALL)
_ICON = re.compile(r'<img src="[^"]*/icon-\w+\.svg" alt="(True|False|None)">')
_NUMBER = re.compile(r"-?[\d,.\s\u00a0\u202f]*\d")
_EMPTY = frozenset(("", "-", "–"))
LONG_WORD = 18
"""Letters. Longer words are broken where they do not fit; all others stay whole."""
LONG_TEXT = 90
"""Characters. Longer texts show their first lines, and all when they have the pointer or the focus."""


@dataclass(frozen=True, slots=True)
class Table:
    headers: list[dict[str, Any]]
    rows: list[list[SafeString]]


@register.filter
def as_table(results: Iterable[Any], headers: Sequence[dict[str, Any]]) -> Table:
    """The headings and the cells of a list; columns of numbers are aligned as such."""
    rows = [[_PARTS.fullmatch(str(cell)) for cell in result] for result in results]
    columns = [
        header | {"label": "" if _is_box(header) else str(capfirst(str(header["text"])))}
        for header in headers
    ]
    for number, header in enumerate(columns):
        texts = [_text(row[number]) for row in rows]
        header["is_number"] = any(map(_NUMBER.fullmatch, texts)) and all(
            text in _EMPTY or _NUMBER.fullmatch(text) for text in texts
        )
        header["order"] = _order(header)
    cells = [[_cell(cell, header) for cell, header in zip(row, columns, strict=True)] for row in rows]
    return Table(columns, cells)


def _is_box(header: dict[str, Any]) -> bool:
    return "action-toggle" in str(header["text"])


def _order(header: dict[str, Any]) -> str:
    """The value of `aria-sort`; "" for a column by which the list is not sorted first."""
    if not header.get("sortable") or header.get("sort_priority") != 1:
        return ""
    return "ascending" if header["ascending"] else "descending"


def _text(cell: Any) -> str:
    return strip_tags(cell["content"]).strip() if cell else ""


def _cell(cell: Any, header: dict[str, Any]) -> SafeString:
    text, content = _text(cell), _signed(cell["content"])
    classes = [
        header["is_number"] and "is-number",
        not _is_box(header) and text in _EMPTY and content == cell["content"] and "is-empty",
    ]
    classes.append(any(len(word) > LONG_WORD for word in text.split()) and "is-long")
    attributes = cell["attributes"]
    for name in filter(None, classes):
        attributes = attributes.replace('class="', f'class="{name} ', 1)
    label = f' data-label="{conditional_escape(header["label"])}"' if header["label"] else ""
    role = ' scope="row" role="rowheader"' if cell["tag"] == "th" else ' role="cell"'
    if len(text) > LONG_TEXT:
        content = _clipped(content)
    html = f"<{cell['tag']}{attributes}{label}{role}>{content}</{cell['tag']}>"
    return untranslated(mark_safe(html))  # noqa: S308 - parts of a cell that is safe, and an escaped label


def _signed(content: str) -> str:
    """Django's pictures for yes and no as a sign and a word."""
    return _ICON.sub(
        lambda icon: mark("ok", _("yes")) if icon[1] == "True" else mark("quiet", _("no")), content
    )


def _clipped(content: str) -> str:
    """The content in a box that shows its first lines; a second line, such as a reference, stays below it."""
    long, line, rest = content.partition('<span class="quiet">')
    focus = "" if "<a " in long else ' tabindex="0"'
    return f'<div class="list-clip"{focus}>{long}</div>{line}{rest}'
