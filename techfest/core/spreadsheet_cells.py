"""Cells that no spreadsheet program takes for a formula."""

import re

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet program compute a cell instead of showing it; the wide ones count in Japanese versions."""
_CHARACTER = r"[=+\-@＝＋－＠]"
_BREAK = r"[,;|\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]"
"""Where some program begins another cell or row, whatever we quoted: they split at `;` or tabs inside our quotes."""
_SPACES = " \u00a0\u3000\u200b\ufeff"
_SKIPPED = f'[{_SPACES}"]*+'
"""What programs drop at the beginning of a cell."""
_NUMBER = r'[+\-]\.?\d[\d .()]*"?(?:,|\Z)'
"""A number or a telephone number between commas stays as it is: no program finds more than it in its cell."""
_INNER = re.compile(
    rf'(?:\A(?=[{_SPACES}]*+"){_SKIPPED}|(?<={_BREAK}){_SKIPPED})(?={_CHARACTER})(?!(?<=,){_NUMBER}|(?<=, ){_NUMBER})'
    rf"|(?<=[,;|\r\n]){_SKIPPED}(?=\t)"
    rf'|(?<=[,;|\t])(?=[{_SPACES}]*+"){_SKIPPED}(?=[\r\n])'
)
_GUARD = re.compile(rf"((?:\A|(?<={_BREAK})){_SKIPPED})'(?={_SKIPPED}(?:{_CHARACTER}|[\t\r\n]))")


def guarded(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet could begin a cell with a formula.

    Spaces before the sign count as nothing, as they do for some programs.
    """
    inner = _INNER.sub(r"\g<0>'", text)
    return f"'{inner}" if text.lstrip(_SPACES).startswith(FORMULA_STARTS) else inner


def unguarded(text: str) -> str:
    """The text as it was before `guarded`; our own tables come back corrected."""
    without = _GUARD.sub(r"\1", text)
    return without if guarded(without) == text else text
