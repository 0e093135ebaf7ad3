"""What the templates of mails need besides Django's own."""

import re

from django import template
from django.template.defaultfilters import stringfilter

from events.models import Fest

register = template.Library()

ACCENTS = {
    Fest.Accent.INDIGO: "#4338ca",
    Fest.Accent.TEAL: "#0a6a6a",
    Fest.Accent.CRIMSON: "#b3123f",
    Fest.Accent.AMBER: "#8a4b00",
    Fest.Accent.FOREST: "#1d6a34",
    Fest.Accent.VIOLET: "#7829b5",
    Fest.Accent.COBALT: "#0b57b7",
    Fest.Accent.SLATE: "#40526a",
}
"""The accents of the style sheet; a mail has no style sheet."""

_WORD_JOINER = "\u2060"
_LINKED = re.compile(r"(?<=\w)([.@:/])(?=\w|/)")
_PHONE = re.compile(r"\d(?:[\s().\-]*\d){6,}")
_DIGIT = re.compile(r"\d(?=.)")


@register.filter
@stringfilter
def unlinked(text: str) -> str:
    """Text that people typed, with invisible characters that keep mail programs from making it a link.

    Mail programs link web and e-mail addresses, and numbers of seven digits and more as phone numbers.
    """
    text = _PHONE.sub(lambda number: _DIGIT.sub(rf"\g<0>{_WORD_JOINER}", number[0]), text)
    return _LINKED.sub(rf"\1{_WORD_JOINER}", text)


@register.filter
def accent(fest: Fest) -> str:
    """The fest's accent as a colour for an inline style."""
    return ACCENTS[Fest.Accent(fest.accent)]
