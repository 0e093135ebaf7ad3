"""How little a text looks like names, so that the right encoding of a file comes first among several."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0591-\u05c7\u064b-\u0655\u0e31-\u0e4e])*")
_COMMON = frozenset(
    "áàâäãåąæçćčďđéèêëęěíìîïłñńňóòôöõøőřśšşßťúùûüůűýźżžœğıāēīūėįųăģķļņ"
    "абвгдежзийклмнопрстуфхцчшыьэюяёії"
    "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώ"
)
"""Letters that need no excuse; others count a little. Letters of other scripts than these are not counted."""
_COUNTED = ("LATIN", "CYRILLIC", "GREEK")
_EAST = {"CJK": "EAST", "HIRAGANA": "EAST", "KATAKANA": "EAST"}
_LEVEL_ONE = {
    "gb18030": (0xB0, 0xD7),
    "cp932": (0x88, 0x98),
    "euc_jp": (0xB0, 0xCF),
    "big5hkscs": (0xA4, 0xC6),
    "cp949": (0xB0, 0xC8),
}
"""The first bytes of the characters in daily use."""
_APOSTROPHES = "’‘ʼ"
_FOREIGN, _CASE, _RARE, _SMALL, _QUOTE = 3.0, 2.0, 0.6, 0.5, 0.3


def implausibility(texts: Iterable[str], encoding: str) -> float:
    """Return the sum of what is unusual in names: symbols, mixed scripts, capitals inside a word, rare letters.

    A Latin name is mostly of ASCII letters, and a name begins with a capital where the script has them.
    """
    return sum(_of_text(text, encoding) for text in texts)


def _of_text(text: str, encoding: str) -> float:
    words = [found for found in _WORD.findall(text) if not found.isascii()]
    others = [one for one in _WORD.sub("", text) if not one.isascii()]
    symbols = sum(_QUOTE if one in _APOSTROPHES else _FOREIGN for one in others)
    return symbols + sum(_of_word(word, encoding) for word in words)


def _of_word(word: str, encoding: str) -> float:
    foreign = [one for one in word if not one.isascii()]
    score = _FOREIGN * len(foreign) if len({_script(one) for one in word if one.isalpha()}) > 1 else 0.0
    if any(one.islower() for one in word) and any(one.isupper() for one in word[1:]) and not _is_camel(word):
        score += _CASE
    if _script(word[0]) in _COUNTED:
        score += _SMALL * (
            word[0].islower() + max(0, 2 * len(foreign) - len(word)) * (_script(word[0]) == "LATIN")
        )
    return score + sum(_RARE for one in foreign if _is_rare(one, encoding))


def _is_camel(word: str) -> bool:
    """Return whether the only capital inside follows a lower-case ASCII letter, as in McÉwan."""
    return word[0].isupper() and re.fullmatch(r"[A-Z][a-z]{1,2}\w[^\W\d_A-Z]*", word) is not None


@lru_cache(maxsize=4_096)
def _script(character: str) -> str:
    script = unicodedata.name(character, "?").split()[0].split("-")[0]
    return _EAST.get(script, script)


def _is_rare(character: str, encoding: str) -> bool:
    if "\uff61" <= character <= "\uff9f":
        # Half-width katakana: almost always two letters of another encoding.
        return True
    if encoding in _LEVEL_ONE:
        low, high = _LEVEL_ONE[encoding]
        return (
            _script(character) == "EAST"
            and character >= "\u4e00"
            and not low <= _first(character, encoding) <= high
        )
    return _script(character) in _COUNTED and character.lower() not in _COMMON


def _first(character: str, encoding: str) -> int:
    return character.encode(encoding, "replace")[0]
