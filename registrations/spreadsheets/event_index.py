"""Find events by their names: exactly as written first, then without case, then without punctuation."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from registrations.students.names import clean_text, name_key

LONGEST_NAME = 200
"""Characters that are compared with event names, which have at most 120."""

_NUMBERED = re.compile(r"^\s*(?:\(?\d{1,2}[.)]\s*(?=[^\W\d_])|(?:\(?\d{1,2}[.)]|[•*·–-])\s+)")
_RANKED = re.compile(
    r"\s*[(\[]\s*(?:1st|2nd|3rd|first|second|third|[1-3])\s*(?:choice|preference|priority|option)?\s*[)\]]\s*$",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"\s*[(\[]\s*(?:yes|y\b|tick|x\b|mark|if yes|[✓✔]|1\b|optional)[^()\[\]]*[)\]]\s*$", re.IGNORECASE
)
_GRID_ITEM = re.compile(r"[^\[]*\[(.+)\]\s*")
"""How form services write the columns of a grid: “Which events? [Quiz]”."""
_NAMED = re.compile(r"\s*events?\s*[:–-]\s*(.+)", re.IGNORECASE)  # a dash
_SHARP = re.compile(r"(?<=\w)[#♯](?!\w)")
_BAR = re.compile(r"\||(?<=\s)\+(?=\s)")


@dataclass(frozen=True, slots=True)
class EventMatch:
    """The slugs of the events with this name; `is_exact` unless only its words agree, not its punctuation."""

    slugs: tuple[str, ...]
    is_exact: bool


NO_MATCH = EventMatch((), False)


def without_list_marker(text: str) -> str:
    """Return the text without a number or bullet at its start and a remark like "(first choice)" at its end."""
    return _RANKED.sub("", _NUMBERED.sub("", text))


def event_key(name: str) -> str:
    """Return the comparison key of an event name. Unlike in a person's name, a sharp counts: C# is not C.

    A bar, or a plus between words, is a separator like a comma.
    """
    return name_key(_BAR.sub(" ", _SHARP.sub("sharp", name)))


def _folded(name: str) -> str:
    return clean_text(name).casefold()


class EventIndex:
    """The events of a fest (slug to name) by their names.

    Several events may share a name; only then a slug is accepted in its place. A slug is otherwise no name: an event
    called “कविता” may have the slug “event-2”, which is not what “Event 2” means.
    """

    def __init__(self, events: Mapping[str, str]) -> None:
        self.names = dict(events)
        self._raw = _grouped(events, str.strip)
        self._exact = [_grouped(events, clean_text), _grouped(events, _folded)]
        self._loose = _grouped(events, event_key)
        self._slugs = {slug for slugs in self._exact[0].values() if len(slugs) > 1 for slug in slugs}

    @property
    def keys(self) -> Iterable[str]:
        return self._loose

    def by_key(self, key: str) -> tuple[str, ...]:
        return self._loose[key]

    def whole(self, text: str) -> EventMatch:
        """Return the event whose whole name is the text, whatever separators the name holds."""
        if len(text) > LONGEST_NAME:
            return NO_MATCH
        if slugs := self._raw.get(text.strip()):
            return EventMatch(slugs, is_exact=True)
        return NO_MATCH if "\n" in text else self._as_written(text)

    def piece(self, text: str) -> EventMatch:
        """Return the event called like this piece of a cell, which may be an item of a numbered list."""
        if len(text) > LONGEST_NAME:
            return NO_MATCH
        full = self._found(text)
        plain = without_list_marker(text)
        if full.is_exact or plain == text:
            return full
        unnumbered = self._found(plain)
        if full.slugs and unnumbered.slugs:
            return EventMatch(tuple(dict.fromkeys(full.slugs + unnumbered.slugs)), is_exact=False)
        return full if full.slugs else unnumbered

    def title(self, text: str) -> str:
        """Return the slug of the only event called like this title, or an empty text."""
        if len(text) > LONGEST_NAME:
            return ""
        found = next((slugs for part in _titles(text) if (slugs := self._found(part).slugs)), ())
        return found[0] if len(found) == 1 else ""

    def unambiguous(self, slug: str) -> str:
        """Return the name, or the slug if another event has the same name."""
        return slug if slug in self._slugs else self.names[slug]

    def _found(self, text: str) -> EventMatch:
        exact = NO_MATCH if "\n" in text else self._as_written(text)
        if exact.slugs:
            return exact
        return EventMatch(self._loose.get(event_key(text), ()), is_exact=False)

    def _as_written(self, text: str) -> EventMatch:
        if (plain := clean_text(text)) in self._slugs:
            return EventMatch((plain,), is_exact=True)
        slugs = self._exact[0].get(plain) or self._exact[1].get(plain.casefold(), ())
        return EventMatch(slugs, is_exact=bool(slugs))


def _titles(text: str) -> Iterator[str]:
    """Yield what may be the name in a title: all of it, without a remark like “(yes/no)”, or the item of a grid."""
    yield text
    if (plain := _REMARK.sub("", text)) != text:
        yield plain
    if item := _GRID_ITEM.fullmatch(text):
        yield item[1]
    if named := _NAMED.fullmatch(text):
        yield named[1]


def _grouped(events: Mapping[str, str], key_of: Callable[[str], str]) -> dict[str, tuple[str, ...]]:
    """Return the slugs by the keys of their names. A blank name has no key."""
    grouped: dict[str, tuple[str, ...]] = {}
    for slug, name in events.items():
        if key := key_of(name):
            grouped[key] = (*grouped.get(key, ()), slug)
    return grouped
