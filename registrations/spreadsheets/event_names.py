"""The events in a cell: one name, or several names between any of the usual separators."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from django.utils.translation import gettext as _

from registrations.spreadsheets.cells import is_given
from registrations.spreadsheets.event_guesses import EventGuesses, Guess
from registrations.spreadsheets.event_index import (
    LONGEST_NAME,
    EventIndex,
    EventMatch,
    without_list_marker,
)
from registrations.spreadsheets.listing import Code, Problem
from registrations.spreadsheets.meanings import Meaning
from registrations.students.names import clean_text

MAX_EVENTS = 20
"""Events in one cell; a text with more is not a list of events."""
MAX_KEPT = 2_000
"""Different cells per file whose result is cached."""

_HARD = r"[;,|\n\r\t\v\f\u2028\u2029،؛、，；]"
"""Separators that end a name unless they are part of an event's name."""
_SOFT = (
    r"[/\\:>।]|&|\+|\s[-–—]\s|\b(?:and|und|et|y|e)\b|(?<=\s)(?:और|एवं|तथा|व|மற்றும்)(?=\s)"  # dashes
    r"|(?<!\d)\.(?=\s+\S)|\s(?=\(?\d{1,2}[.)]\s*[^\W\d_])|\s?[•·▪●]\s"
)
"""Separators only where every part is the name of an event: “Rock & Roll” is one name, “Quiz & Chess” may be two."""
_SEPARATOR = re.compile(rf"(?P<hard>{_HARD})|{_SOFT}", re.IGNORECASE)
_ONLY_HARD = re.compile(rf"(?P<hard>{_HARD})")
_REPEATED = re.compile(rf"({_HARD})(?:\s|{_HARD})+")
_COMMON_TOKENS = 8
"""Names are looked for in up to this many tokens, and in more only if an event's name has as many."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a cell that names one event, several events of one name, or none."""

    text: str
    slugs: tuple[str, ...] = ()


class EventNames:
    """Finds the events of a fest (slug to name) in typed text."""

    def __init__(self, events: Mapping[str, str]) -> None:
        self.names = dict(events)
        self.index = EventIndex(events)
        self._lengths = _token_counts(events.values())
        self._guesses = EventGuesses(self.index)
        self._match = lru_cache(maxsize=MAX_KEPT)(self.index.piece)
        self._pieces = lru_cache(maxsize=MAX_KEPT)(self._split)

    def read(self, row: int, text: str) -> tuple[list[str], list[Problem]]:
        """Return the slugs in one cell, and a problem with a suggestion for each unknown name."""
        pieces = self._pieces(text)
        if self._has_too_many(text):
            problem = _("Enter %(maximum)d events or fewer") % {"maximum": MAX_EVENTS}
            return [], [Problem(row, Meaning.EVENTS, Code.EVENT, problem, value=text)]
        slugs = [piece.slugs[0] for piece in pieces if len(piece.slugs) == 1]
        return slugs, [self._problem(row, piece) for piece in pieces if len(piece.slugs) != 1]

    def names_any(self, text: str) -> bool:
        """Return whether the cell names at least one event; nothing is guessed."""
        return any(len(piece.slugs) == 1 for piece in self._pieces(text)) and not self._has_too_many(text)

    def names_only(self, text: str) -> bool:
        """Return whether every name in the cell is an event."""
        return all(len(piece.slugs) == 1 for piece in self._pieces(text)) and not self._has_too_many(text)

    def _has_too_many(self, text: str) -> bool:
        return len(self._pieces(text)) > MAX_EVENTS

    def of_column(self, event: str) -> list[str]:
        """Return the event of a column of marks, which is stored by its slug and titled with its name."""
        return [event] if event in self.names else list(self.index.piece(event).slugs)

    def written(self, slug: str) -> str:
        """Return the text that is read as this event: its name if that is unambiguous, else the slug."""
        return self.index.unambiguous(slug)

    def joined(self, texts: Iterable[str], *slugs: str) -> str:
        """Return one cell with the names in these cells and these events, which is read as just that."""
        pieces = [piece.text for text in texts for piece in self._pieces(text)]
        return self._join([*pieces, *map(self.written, slugs)])

    def replaced(self, text: str, piece: str, *slugs: str) -> str:
        """Return the cell with one of its names replaced by these events or removed; other cells stay unchanged.

        `piece` is the value of a problem from `read`. A cell with too many names is a single piece.
        """
        pieces = [one.text for one in self._pieces(text)]
        new = [self.written(slug) for slug in slugs]
        if len(pieces) > MAX_EVENTS:
            return self._join(new) if text == piece else text
        if piece not in pieces:
            return text
        return self._join([name for old in pieces for name in (new if old == piece else [old])])

    def _join(self, pieces: list[str]) -> str:
        """Join with semicolons, or with line ends if semicolons would be read as part of an event's name."""
        joined = "; ".join(pieces)
        is_same = [piece.text for piece in self._pieces(joined)] == pieces
        return joined if is_same else "\n".join(pieces)

    def _split(self, text: str) -> tuple[Piece, ...]:
        """Return the names in a cell: the whole cell if it is the name of an event, else the best way to split it."""
        if whole := self.index.whole(text).slugs:
            return (Piece(clean_text(text), whole),)
        maximum = (MAX_EVENTS + 1) * self._lengths[-1]
        tokens = _Tokens(text, _SEPARATOR, maximum)
        if tokens.is_cut:
            tokens = _Tokens(_REPEATED.sub(r"\1", text), _ONLY_HARD, maximum)
        if tokens.is_cut:
            return (Piece(text),) * (MAX_EVENTS + 1)
        return tokens.best_split(self._match, self._lengths)

    def _problem(self, row: int, piece: Piece) -> Problem:
        if piece.slugs:
            names = ", ".join(self.index.unambiguous(slug) for slug in piece.slugs)
            text = _("Several events are called “%(event)s”. Write one of: %(names)s") % {
                "event": piece.text,
                "names": names,
            }
            return Problem(row, Meaning.EVENTS, Code.EVENT, text, value=piece.text)
        text = _("There is no event “%(event)s”.") % {"event": piece.text[:100]}
        guess = self._guesses.guess(piece.text)
        if guess.slugs:
            names = ", ".join(f"“{self.names[slug]}”" for slug in guess.slugs)
            text = f"{text} {_question(guess) % {'names': names}}"
        choices = (guess.slugs,) if guess.are_all_meant else tuple((slug,) for slug in guess.slugs)
        return Problem(row, Meaning.EVENTS, Code.EVENT, text, value=piece.text, events=choices)


def _question(guess: Guess) -> str:
    if guess.are_all_meant:
        return _("Did you mean all of these: %(names)s?")
    return _("Which did you mean: %(names)s?") if len(guess.slugs) > 1 else _("Did you mean %(names)s?")


def _token_counts(names: Iterable[str]) -> list[int]:
    """Return how many tokens a name may have. Typed with other punctuation, it may have fewer than the event's name."""
    counts = {1 + sum(1 for _found in _SEPARATOR.finditer(name)) for name in names} | {1}
    return sorted(counts | set(range(1, min(max(counts), _COMMON_TOKENS) + 1)))


_Cost: TypeAlias = tuple[int, int, int]
"""Unknown names, names of which only the words agree, and names in all."""
_NOTHING: _Cost = (0, 0, 0)
_Choice: TypeAlias = tuple[_Cost, int, Piece | None]
"""A cost, the token behind, and the name up to there, if any."""


class _Tokens:
    """A cell cut at every separator. A name covers one or more tokens with the separators between them."""

    def __init__(self, text: str, separator: re.Pattern[str], maximum: int) -> None:
        found = list(itertools.islice(separator.finditer(text), maximum))
        self.text, self.is_cut = text, len(found) == maximum
        self.starts = [0, *(one.end() for one in found)]
        self.ends = [*(one.start() for one in found), len(text)]
        self.is_hard = [True, *(one["hard"] is not None for one in found), True]

    def best_split(self, match: Callable[[str], EventMatch], lengths: Sequence[int]) -> tuple[Piece, ...]:
        """Return the names with the fewest unknown ones, then the most exact ones, then the longest ones."""
        count = len(self.starts)
        best: list[_Choice | None] = [*([None] * count), (_NOTHING, count, None)]
        for at in reversed(range(count)):
            choices = [
                (_sum(cost, rest[0]), end, piece)
                for cost, end, piece in self._choices(at, match, lengths)
                if (rest := best[end])
            ]
            best[at] = min(choices, key=lambda choice: (choice[0], -choice[1]), default=None)
        return tuple(_walk(best))

    def _choices(
        self, at: int, match: Callable[[str], EventMatch], lengths: Sequence[int]
    ) -> Iterator[_Choice]:
        known = list(self._known(at, match, lengths))
        yield from known
        if not self.is_hard[at]:
            return
        if not known and not is_given(self._between(at, at + 1)):
            yield _NOTHING, at + 1, None
        end = self.is_hard.index(True, at + 1)
        text = self._between(at, end)
        unknown = Piece(clean_text(without_list_marker(text)))
        yield ((1, 0, 1), end, unknown) if known or is_given(text) else (_NOTHING, end, None)

    def _known(
        self, at: int, match: Callable[[str], EventMatch], lengths: Sequence[int]
    ) -> Iterator[_Choice]:
        for length in lengths:
            end = at + length
            if end > len(self.starts) or self.ends[end - 1] - self.starts[at] > LONGEST_NAME:
                break
            text = self._between(at, end)
            if (found := match(text)).slugs:
                yield (0, int(not found.is_exact), 1), end, Piece(clean_text(text), found.slugs)

    def _between(self, at: int, end: int) -> str:
        return self.text[self.starts[at] : self.ends[end - 1]]


def _sum(one: _Cost, other: _Cost) -> _Cost:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def _walk(best: Sequence[_Choice | None]) -> Iterator[Piece]:
    at = 0
    while at < len(best) - 1 and (choice := best[at]):
        _cost, at, piece = choice
        if piece:
            yield piece
