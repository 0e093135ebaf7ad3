"""Names taken apart for comparing: words without titles, in one spelling; and the key of the index of similar names.

The words below are written or left out as people please. They lead to a question, never to a merge.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from techfest.core.folding import fold


def _folded(words: str) -> frozenset[str]:
    return frozenset(fold(words).split())


TITLES = _folded(
    "mr mrs ms miss mx master mstr mast kum kumari km ku smt shri shrimati sri shree sh su sushri dr prof"
    " chiranjeevi selvan selvi thiru tmt baby janab bro sis rev fr herr frau fraulein monsieur mme mlle"
    " madame mademoiselle senor senora srta sra signor signora sig bayan"
    " श्री श्रीमती सुश्री कुमारी कु मास्टर चि डॉ திரு திருமதி செல்வன் செல்வி శ్రీ కుమారి ಶ್ರೀ ಕುಮಾರಿ"
    " ശ്രീ কুমারী শ্রী શ્રી કુમારી ਸ੍ਰੀ"
)
"""In front of a name."""
SUFFIXES = _folded("jr jnr junior sr snr senior ji jee esq garu saheb sahib ii iii iv")
"""Behind a name."""
_SPELLINGS = (
    "muhammad md mohd mohammad mohammed mohamed mohamad muhammed muhamad muhamed mohammod mahammad mahomed mhd muhd",
    "shaikh sk shaik sheikh sheik shaykh shk",
    "syed sayed saiyed saiyad sayyid sayyed syd seyed",
    "abdul abd abdel abdal abdoul",
    "kumar kr kmr",
    "saint st ste",
    "maria ma",
    "francisco fco",
    "fernando fdo",
    "guadalupe gpe",
    "hernandez hdez",
    "fernandez fdez",
    "gonzalez glez gonzales",
    "rodriguez rguez rodrigues",
    "gomez gomes",
    "martinez mtz",
    "mac mc",
)
VARIANTS = {word: words.split()[0] for words in _SPELLINGS for word in words.split()[1:]}
"""A spelling or abbreviation, and the word that stands for all of them."""
_PARTICLE_SPELLINGS = {"el": "al", "ul": "al", "mc": "mac", "st": "saint", "abd": "abdul", "abdel": "abdul"}
PARTICLES = _folded("al el ul mac mc van von der den de da dos du la le san saint st abdul abd abdel")
"""Written alone or as one word with the next: Al Farsi, Al-Farsi, Alfarsi. So are D and O inside a name: D Souza."""
_ASSIMILATED = frozenset(["ar", "as", "ash", "at", "ad", "az"])
"""The Arabic article as it sounds before some letters: Az-Zahra is Al-Zahra."""
LEFT_OUT = re.compile("de(?:l|la|los|las|r|n)?|d[aiou]|d[ao]s|v[ao]n(?:de[rn]?)?")
"""In front of a surname, also together, and often left out: dos Santos, Santos; van der Berg, Berg."""
_RELATION = re.compile(r"(?<=\w )[dsw] o (?=\w\w)")
"""Daughter, son or wife of: Kavitha D/o Murugan."""
SILENT = _folded("bin binti bint bte ibn")
"""Between the name and the father's name, where they are often left out."""


@dataclass(frozen=True, slots=True)
class NameParts:
    """A name taken apart for comparing: its words without titles, and the words that hold digits."""

    key: str
    words: tuple[str, ...]
    numbers: tuple[str, ...]

    @property
    def initials(self) -> str:
        """The initials of the first and the last word, in alphabetical order: the key of the index.

        The number of a school class does not count, other numbers do, and a first name Mohammed is often left out.
        """
        words = self.words[1:] if len(self.words) > 2 and self.words[0] == "muhammad" else self.words
        ends = words[:1] + words[-1:] if len(words) > 1 else words
        return ("".join(sorted(word[0] for word in ends)) + self.tail)[:MAX_INITIALS]

    @property
    def initials_alike(self) -> list[str]:
        """The initials under which students of such a name may be found: always `SEARCHED` texts, some of them equal.

        They are those of each two words (of the outer ones, if there are many), and the first letter alone, since
        Anne Marie may stand there as AnneMarie.
        """
        letters = [word[0] for word in self.words]
        ends = (letters[0], letters[1], letters[-2], letters[-1]) if len(letters) > 4 else letters
        pairs = [min(one + other, other + one) for one, other in combinations(ends, 2)]
        found = [f"{some}{self.tail}"[:MAX_INITIALS] for some in (*letters[:1], *pairs)][:SEARCHED]
        return found + [self.initials] * (SEARCHED - len(found))

    @property
    def tail(self) -> str:
        """The numbers that two names must share to be alike."""
        return "".join(f"#{number}" for number in self.numbers if not CLASS_NUMBER.fullmatch(number))


MAX_INITIALS = 40
SEARCHED = 6
"""A fixed number, so that PostgreSQL keeps one plan of the statement that looks for them."""
CLASS_NUMBER = re.compile(r"\d{1,2}[a-z]{0,2}")
"""The grade and section that a list adds to a name: Aarav Bhatt (10A)."""
_NASAL = re.compile("[ङञणनमਙਞਣਨਮઙઞણનમఙఞణనమಙಞಣನಮ][्੍્్್](?=\\w)")
_POINT = {"्": "ं", "੍": "ੰ", "્": "ં", "్": "ం", "್": "ಂ"}
_INITIALS = re.compile("[bcdfghjklmnpqrstvwxz]{2,3}")
"""Letters without a vowel: KS Ravi is K. S. Ravi."""
_DIGRAPHS = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"))
"""Müller is also written Mueller, and Håkon Haakon."""


@lru_cache(maxsize=4_096)
def parts_of(name_key: str) -> NameParts:
    """Take the key of a name apart. Cached: a rush compares the same classmates again and again."""
    folded = fold(name_key) or name_key
    if not folded.isascii():
        folded = _NASAL.sub(lambda found: _POINT[found[0][1]], folded)
    folded = _RELATION.sub("", folded)
    words: list[str] = []
    numbers: list[str] = []
    for word in folded.split():
        (words if word.isalpha() or not any(map(str.isdigit, word)) else numbers).append(word)
    return NameParts(name_key, tuple(_canonical(_without_titles(words))), tuple(numbers))


def _without_titles(words: list[str]) -> list[str]:
    while len(words) > 1 and words[0] in TITLES and any(len(word) > 1 for word in words[1:]):
        words = words[1:]
    while len(words) > 1 and words[-1] in SUFFIXES:
        words = words[:-1]
    return words


def _canonical(words: Sequence[str]) -> Iterator[str]:
    """Yield the words as most people write them: d souza as dsouza, ks as k and s, mueller as muller."""
    particle, last = "", len(words) - 1
    for at, word in enumerate(words):
        if 0 < at < last and word in _ASSIMILATED and words[at + 1].startswith(word[1:]):
            word = "al"
        if 0 < at < last and word in SILENT:
            continue
        if (
            at < last
            and (word in PARTICLES or ((particle or at) and word in "do"))
            and len(words[at + 1]) > 1
        ):
            particle += _PARTICLE_SPELLINGS.get(word, word)
            continue
        if not particle:
            word = VARIANTS.get(word, word)
        if not particle and _INITIALS.fullmatch(word):
            yield from word
        else:
            yield plain_word(particle + word)
        particle = ""


def plain_word(word: str) -> str:
    """Return a word with one spelling for each letter that is written in two ways."""
    if word.isascii() and len(word) > 3:
        word = f"mac{word[2:]}" if word.startswith("mc") else word
        for two, one in _DIGRAPHS:
            word = word.replace(two, one)
    return word


_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("ksh|x", "ks"), ("ch", "C"), ("ph", "f"), ("([bdgjkstz])h", r"\1"), ("ck|[cq]", "k"), ("w", "v"),
        ("z", "j"), ("ee|ii|y", "i"), ("oo|ou", "u"), (r"(.)\1+", r"\1"), ("h$", ""),
    )
)  # fmt: skip
"""Letters that sound alike when names are written in Latin letters, in the order in which they are replaced."""
_CYRILLIC_SOUNDS = str.maketrans("іїыєэґў", "иииеегу")
"""Letters that Russian, Ukrainian and Belarusian write for one sound: Юлия, Юлія."""


@lru_cache(maxsize=2_048)
def sound_of(word: str) -> str:
    """Return a word in Latin or Cyrillic letters as it sounds."""
    if word.isascii():
        for pattern, sound in _SOUNDS:
            word = pattern.sub(sound, word)
        return word
    return word.translate(_CYRILLIC_SOUNDS)
