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


@register.filter
@stringfilter
def unlinked(text: str) -> str:
    """Text that people typed, such that no mail program turns it into a link: an unseen sign parts it."""
    return _LINKED.sub(rf"\1{_WORD_JOINER}", text)


@register.filter
def accent(fest: Fest) -> str:
    """The fest's accent as a colour for an inline style."""
    return ACCENTS[Fest.Accent(fest.accent)]
