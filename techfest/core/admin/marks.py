"""States in lists: a sign and a word. The sign and the colour repeat what the word says."""

from typing import TYPE_CHECKING, Literal

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Tone = Literal["ok", "wait", "stop", "quiet"]
SIGNS: dict[Tone, str] = {"ok": "✓", "wait": "◔", "stop": "✕", "quiet": "–"}


def mark(tone: Tone, text: "str | _StrPromise") -> SafeString:
    """The word with the sign of its tone: done, still to come, wrong, or neither."""
    return format_html(
        '<span class="list-mark is-{}"><span aria-hidden="true">{}</span>&nbsp;{}</span>',
        tone,
        SIGNS[tone],
        capfirst(str(text)),
    )
