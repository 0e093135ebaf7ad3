"""Which events an unknown name probably means: one, one of several, or several together."""

import difflib
import itertools
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from registrations.spreadsheets.event_index import EventIndex, event_key

MAX_GUESSES = 200
"""Different unknown names per file that are compared with the fest's events."""
MAX_COMPARISONS = 20_000
"""Pairs of names or words per file, which take about half a second; no unknown name is guessed after that."""
_MAX_CHARACTERS = 100
_MAX_WORDS = 8
_MAX_OFFERED = 4
"""Events of which one is offered; a word that more of them share says too little."""
_SMALL_WORDS = frozenset(["a", "an", "the", "of", "for", "in", "on", "to", "and", "with", "by", "at"])
_LONG = 4
"""Letters of a word that counts where it is part of another word, like "WarQuiz"."""
_CLOSE, _CLOSE_WORD, _TIE = 0.65, 0.8, 0.08
_PARTS = re.compile(r"[/\\:>.&+]|\s[-–—]\s|\b(?:and|und|et|y|e|with)\b", re.IGNORECASE)  # dashes


@dataclass(frozen=True, slots=True)
class Guess:
    """The slugs that may be meant: several alternatives, or events that are all meant."""

    slugs: tuple[str, ...] = ()
    are_all_meant: bool = False


_NO_GUESS = Guess()


class EventGuesses:
    """Compares unknown names with the events of one fest. A guess never drops an event that the name may hold."""

    def __init__(self, index: EventIndex) -> None:
        self.index = index
        self._known: dict[str, Guess] = {}
        self._comparisons = 0
        self._close = lru_cache(maxsize=MAX_GUESSES)(self._find_close)
        self._similar_words = lru_cache(maxsize=MAX_GUESSES)(self._find_similar_words)
        self._keys = {key: tuple(key.split()) for key in index.keys}
        self._by_start: dict[str, set[str]] = {}
        words = set(itertools.chain.from_iterable(self._keys.values()))
        self._long_words = tuple(word for word in words if len(word) >= _LONG)
        for word in words:
            self._by_start.setdefault(word[0], set()).add(word)

    def guess(self, text: str) -> Guess:
        text = text[:_MAX_CHARACTERS]
        key = event_key(text)
        has_time = len(self._known) < MAX_GUESSES and self._comparisons < MAX_COMPARISONS
        if key not in self._known and has_time:
            self._known[key] = self._guess(text, key)
        return self._known.get(key, _NO_GUESS)

    def _guess(self, text: str, key: str) -> Guess:
        typed = key.split()
        if len(typed) > _MAX_WORDS:
            return _NO_GUESS
        words = [_only_one(self._similar_words(word)) or word for word in typed]
        if (meant := self._of_parts(text) or self._contained(words)) is not None:
            return meant
        if some := self._with_part(words):
            return self._one_of(some)
        return self._one_of(self._close_names(key, words))

    def _one_of(self, keys: Sequence[str]) -> Guess:
        """Return these events as alternatives; of a name that two events have, none is offered."""
        slugs = [self.index.by_key(key) for key in keys]
        if not slugs or len(slugs) > _MAX_OFFERED or any(len(some) > 1 for some in slugs):
            return _NO_GUESS
        return Guess(tuple(one for (one,) in slugs))

    def _of_parts(self, text: str) -> Guess | None:
        """Return the events of a text like "Quizz. Robo Rase" if each part means one; else None."""
        keys = [key for part in _PARTS.split(text) if (key := event_key(part))]
        meant = [self._only(key) for key in keys]
        return self._together(meant) if len(meant) > 1 and all(meant) else None

    def _contained(self, words: Sequence[str]) -> Guess | None:
        """Return the events whose names are among the words, like those of "Quiz Robo Race"; None without any.

        If further words may mean an event, too, nothing is guessed.
        """
        found: list[str] = []
        rest: list[str] = []
        for name, run in self._runs(words):
            run = [word for word in run if word not in _SMALL_WORDS]
            if meant := name or self._only(" ".join(run)):
                found.append(meant)
            else:
                rest += run
        if not any(name in " ".join(words) for name in found):
            return None
        if any(map(self._similar_words, rest)):
            return _NO_GUESS
        return self._together(found)

    def _runs(self, words: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield the longest names of events among the words, and the words between them."""
        between: list[str] = []
        at = 0
        while at < len(words):
            ends = range(len(words), at, -1)
            end = next((end for end in ends if " ".join(words[at:end]) in self._keys), 0)
            if not end:
                between.append(words[at])
                at += 1
                continue
            if between:
                yield "", between
            between = []
            yield " ".join(words[at:end]), ()
            at = end
        if between:
            yield "", between

    def _together(self, keys: Sequence[str]) -> Guess:
        slugs = [self.index.by_key(key) for key in dict.fromkeys(keys)]
        if any(len(some) > 1 for some in slugs):
            return _NO_GUESS
        return Guess(tuple(one for (one,) in slugs), are_all_meant=len(slugs) > 1)

    def _only(self, key: str) -> str:
        """Return the only event with this name or a similar one, or an empty text."""
        if key in self._keys:
            return key
        words = key.split()
        return "" if len(self._with_part(words)) > 1 else _only_one(self._close_names(key, words))

    def _close_names(self, key: str, words: Sequence[str]) -> list[str]:
        return [name for name in self._close(key) if self._has_no_other(words, name)]

    def _find_close(self, key: str) -> list[str]:
        """Return the names that are nearly written so; several if they are equally close."""
        self._comparisons += len(self._keys)
        close = difflib.get_close_matches(key, self._keys, n=_MAX_OFFERED + 1, cutoff=_CLOSE - _TIE)
        ratios = [difflib.SequenceMatcher(None, one, key).ratio() for one in close]
        is_close = bool(ratios) and ratios[0] >= _CLOSE
        return [
            one for one, ratio in zip(close, ratios, strict=True) if is_close and ratio > ratios[0] - _TIE
        ]

    def _with_part(self, words: Sequence[str]) -> list[str]:
        return [name for name, own in self._keys.items() if self._is_part(words, own)]

    def _is_part(self, words: Sequence[str], own: Sequence[str]) -> bool:
        """Return whether each word, or one nearly written so, is in the name: "Debte" in "Debate (junior)"."""
        return 0 < len(words) < len(own) and all(
            word in own or not self._similar_words(word).isdisjoint(own) for word in words
        )

    def _has_no_other(self, words: Sequence[str], name: str) -> bool:
        """Return whether no word is rather of the name of another event."""
        own = self._keys[name]
        return not any(word not in own and self._similar_words(word).difference(own) for word in words)

    def _find_similar_words(self, word: str) -> frozenset[str]:
        """Return the words of events' names that are nearly written so, or that the word begins or ends with."""
        same = self._by_start.get(word[0], set())
        if word in _SMALL_WORDS:
            return frozenset()
        if word in same:
            return frozenset([word])
        self._comparisons += len(same)
        close = difflib.get_close_matches(word, same, n=_MAX_OFFERED, cutoff=_CLOSE_WORD)
        if word.startswith(self._long_words) or word.endswith(self._long_words):
            close += [one for one in self._long_words if word.startswith(one) or word.endswith(one)]
        return frozenset(close)


def _only_one(texts: Collection[str]) -> str:
    """Return the only text, or an empty one."""
    return next(iter(texts)) if len(texts) == 1 else ""
