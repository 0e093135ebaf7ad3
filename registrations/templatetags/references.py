"""References as people read them, and cells of the admin's lists with names and codes."""

import re

from django import template
from django.utils.safestring import SafeString, mark_safe

from registrations.students.names import grouped

register = template.Library()
register.filter(grouped)

_CELL = re.compile(r'<t[dh] class="(?:[\w-]+ )*field-(\w+)')
_NAMES = frozenset(
    {
        "account",
        "category",
        "code",
        "email",
        "event",
        "fest",
        "first",
        "holder",
        "last",
        "name",
        "owner",
        "person",
    }
    | {
        "place",
        "reference",
        "registration",
        "school",
        "section",
        "student",
        "subject",
        "teacher",
        "title",
        "to",
    }
    | {"user", "username", "venue", "who"}
)
"""Words of column names. Other columns have words of ours, such as states, and moments."""


@register.filter
def untranslated(cell: SafeString) -> SafeString:
    """A cell of a list, marked not to be translated if its column has names or codes."""
    found = _CELL.match(cell)
    if found is None or _NAMES.isdisjoint(found[1].split("_")):
        return cell
    return mark_safe(cell.replace(" class=", ' translate="no" class=', 1))  # noqa: S308 - the cell is safe
