"""Hindi typed with a legacy font (Kruti Dev 010): its letters are stored as Latin ones, so “आशा” is “vk'kk”.

A program cannot see the font, so a column of names is judged as a whole: nearly all of them are well-formed words of
Devanagari, and some have punctuation marks where letters are.
"""

import re
from collections.abc import Sequence


def _pairs(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_BY_CODE = _pairs(
    "vkS औ vks ओ vk आ v अ bZ ई b इ m उ Å ऊ ,s ऐ , ए _ ऋ d+ क़ t+ ज़ M+ ड़ <+ ढ़ Q+ फ़ x+ ग़ [+k ख़"
    " {k क्ष { क्ष् = त्र K ज्ञ J श्र Ø क्र æ द्र ç प्र Á प्र | द्य } द्व Ùk त्त é न्न ) द्ध # रु : रू"
    " Dk क D क् d क [k ख [ ख् Xk ग X ग् x ग ?k घ ? घ् Pk च P च् p च N छ Tk ज T ज् t ज > झ"
    " V ट B ठ M ड < ढ .k ण . ण् Rk त R त् r त Fk थ F थ् n द /k ध / ध् Uk न U न् u न"
    " Ik प I प् i प Q फ c ब Ck ब C ब् Hk भ H भ् Ek म E म् e म ; य j र Yk ल Y ल् y ल G ळ"
    " Ok व O व् o व 'k श ' श् \"k ष \" ष् Lk स L स् l स g ह z ्र ~ ्"
    " ks ो kS ौ k ा h ी q ु w ू ` ृ s े S ै a ं ¡ ँ + ़"
)
"""The codes of the font, each with the letter that it shows."""
_CODE = re.compile("|".join(re.escape(code) for code in sorted(_BY_CODE, key=len, reverse=True)))
_CONSONANT = "[\u0915-\u0939\u0958-\u095f]\u093c?"
_CLUSTER = f"(?:{_CONSONANT}\u094d)*{_CONSONANT}"
_SIGN = "[\u093e-\u094c]"
_VOWEL_SIGNS = re.compile(_SIGN)
"""Hardly a name is without one, but so are Latin names that happen to be well-formed: d'cruz."""
_EARLY_I = re.compile(f"f({_CLUSTER}(?:\u094d\u0930)?)")
_LATE_R = re.compile(f"({_CLUSTER}{_SIGN}?)Z")
_WELL_FORMED = re.compile(f"(?:(?:{_CLUSTER}{_SIGN}?|[\u0905-\u0914])[\u0901-\u0903]?)+")
_PUNCTUATION = re.compile(r"[;'\"\[{}/.<>=~|,_?)]|(?<=\w)Z|q(?![ua]|\b)")
_MIN_WELL_FORMED, _MIN_PUNCTUATED, _MAX_CAPITALS = 0.8, 0.25, 0.4
_MAX_LENGTH = 100


def uses_legacy_font(names: Sequence[str]) -> bool:
    """Return whether these names are typed with such a font."""
    sample = [name for name in names if name.isascii()]
    if not any(map(_PUNCTUATION.search, sample)):
        return False
    readable = [name for name in sample if _VOWEL_SIGNS.search(from_legacy_font(name))]
    punctuated = [name for name in readable if _PUNCTUATION.search(name)]
    if sum(name[0].isupper() for name in sample if name) > _MAX_CAPITALS * len(sample):
        return False
    is_punctuated = len(punctuated) >= max(1, _MIN_PUNCTUATED * len(sample))
    return is_punctuated and len(readable) >= _MIN_WELL_FORMED * len(sample)


def from_legacy_font(name: str) -> str:
    """Return the name in Devanagari, or an empty text if it is none in this font."""
    words = [_converted(word) for word in name[:_MAX_LENGTH].split()]
    return " ".join(words) if words and all(map(_WELL_FORMED.fullmatch, words)) else ""


def _converted(word: str) -> str:
    """Return a word with its letters in the order of Unicode: the vowel i is typed early, and r late."""
    text = _CODE.sub(lambda found: _BY_CODE[found[0]], word)
    return _LATE_R.sub("\u0930\u094d\\1", _EARLY_I.sub("\\1\u093f", text))
