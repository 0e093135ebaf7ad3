"""Text as a person searches for it: without case, accents, apostrophes and other marks. Imports nothing from Django.

`techfest.core.db.folding` computes the same in the database, from the same tables.
"""

import re

from techfest.core.text import BLANK_LETTERS, IGNORABLES, normalized

APOSTROPHES = "'`´’‘‛ʼʻʽʾʿʹˈ′‵＇ꞌ׳՚"
"""Signs that are typed for an apostrophe. They are dropped: O'Brien is found as obrien."""
SEPARATORS = (
    '!"$%&()*,-./:;<=>?@[\\]^_{|}~\t\n\r\u00a0\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009'
    "\u200a\u2010\u2011\u2012\u2013\u2014\u2015\u2028\u2029\u202f\u205f\u3000"
    "¡¿«»§¶·“”„‟‹›…‐•†‡‧־׀׃״،؛؟۔।॥॰、。〈〉《》「」『』【】〔〕・〜゠・" + BLANK_LETTERS
)
"""Signs that stand between words. The plus and hash signs are not among them: C, C++ and C# are different names."""
MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u093c\u09bc\u0a3c\u0abc\u0b3c\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
"""Accents, points and vowel marks that are often left out, as ranges of a regular expression.

The vowel signs of Indian scripts are letters and stay; the dot below a letter is often not typed.
"""
_LATIN = {
    "a": "ªⱥ",
    "b": "ƀɓ",
    "c": "ȼƈ",
    "d": "đðɖɗ",
    "e": "əɛǝɇ",
    "f": "ƒ",
    "g": "ǥɠ",
    "h": "ħɦ",
    "i": "ıɨɩ",
    "j": "ɉȷ",
    "k": "ƙĸⱪ",
    "l": "łƚɫⱡ",
    "n": "ŋɲƞ",
    "o": "øɔɵº",
    "p": "ƥᵽ",
    "r": "ɍɽ",
    "s": "ȿʂ",
    "t": "ŧƭʈȶ",
    "u": "ʉʊ",
    "v": "ʋ",
    "w": "ⱳ",
    "y": "ƴɏ",
    "z": "ƶȥ",
}
_OTHER_LETTERS = {"ς": "σ", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ہ": "ه", "ھ": "ه", "ँ": "ं", "ґ": "г"}
"""Letters written in two ways in one name: Arabic and Persian keyboards, the final sigma, the moon over a letter."""
NASAL, NASAL_SIGN = "[ङञणनम]्(?=[क-ह])", "ं"
"""A nasal before a consonant of Devanagari, and the dot that is written for it as often: चन्द्र, चंद्र."""
_ZEROS = "٠۰०০੦૦୦௦౦೦൦๐໐༠၀០"
WIDE = {"ß": "ss", "ẞ": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
"""Letters that are typed as two."""


def _replaced() -> dict[str, str]:
    """Letters and digits that are typed as another one, in both cases: a server may not know the cases of all."""
    found = dict(_OTHER_LETTERS)
    for plain, others in _LATIN.items():
        found |= {case: plain for other in others for case in (other, other.upper()) if len(case) == 1}
    for zero in _ZEROS:
        found |= {chr(ord(zero) + digit): str(digit) for digit in range(10)}
    return found


REPLACED = _replaced()
_DROPPED = re.compile(f"[{APOSTROPHES}{IGNORABLES}]")
_NASAL = re.compile(NASAL)
_MARKS = re.compile(f"[{MARKS}]")
_TABLE = str.maketrans(
    dict.fromkeys(APOSTROPHES, "") | dict.fromkeys(SEPARATORS, " ") | REPLACED | WIDE,
)
_ASCII_TABLE = {number: sign for number, sign in _TABLE.items() if number < 128}


def fold(text: str) -> str:
    """Return the words of a text as they are typed in haste: "Jürgen O'Brien-Łąka" is "jurgen obrien laka".

    It is no identity: different names can have one folded text. Vowel signs of Indian scripts stay.
    """
    if text.isascii():
        return " ".join(text.translate(_ASCII_TABLE).lower().split())
    plain = _MARKS.sub("", normalized("NFKD", _DROPPED.sub("", text)))
    return " ".join(_NASAL.sub(NASAL_SIGN, plain).lower().translate(_TABLE).split())
