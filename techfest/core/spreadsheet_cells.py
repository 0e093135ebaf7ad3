"""Protects cells against formula injection in spreadsheet programs."""

import re

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Characters that start a formula; the full-width ones do so in Japanese versions."""
_CHARACTER = r"[=+\-@＝＋－＠]"
_BREAK = r"[,;|\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]"
"""Characters at which some program starts a new cell or row even inside quotes."""
_SPACES = " \u00a0\u3000\u200b\ufeff"
_SKIPPED = f'[{_SPACES}"]*+'
"""Characters that programs skip at the beginning of a cell."""
_NUMBER = r'[+\-]\.?\d[\d .()]*"?(?:,|\Z)'
"""Numbers and telephone numbers between commas are left alone: they are harmless as a cell."""
_INNER = re.compile(
    rf'(?:\A(?=[{_SPACES}]*+"){_SKIPPED}|(?<={_BREAK}){_SKIPPED})(?={_CHARACTER})(?!(?<=,){_NUMBER}|(?<=, ){_NUMBER})'
    rf"|(?<=[,;|\r\n]){_SKIPPED}(?=\t)"
    rf'|(?<=[,;|\t])(?=[{_SPACES}]*+"){_SKIPPED}(?=[\r\n])'
)
_GUARD = re.compile(rf"((?:\A|(?<={_BREAK})){_SKIPPED})'(?={_SKIPPED}(?:{_CHARACTER}|[\t\r\n]))")


def guarded(text: str) -> str:
    """The text with an apostrophe wherever a program could read the start of a formula.

    Leading spaces are ignored, as some programs ignore them.
    """
    inner = _INNER.sub(r"\g<0>'", text)
    return f"'{inner}" if text.lstrip(_SPACES).startswith(FORMULA_STARTS) else inner


def unguarded(text: str) -> str:
    """The text before `guarded`, for exported tables that are uploaded again."""
    if "'" not in text:
        return text
    without = _GUARD.sub(r"\1", text)
    return without if guarded(without) == text else text
