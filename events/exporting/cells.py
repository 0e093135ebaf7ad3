"""Cells that no spreadsheet program takes for a formula."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet program compute a cell instead of showing it; the wide ones count in Japanese versions."""


def guarded(text: str) -> str:
    """The text with an apostrophe before it, if a spreadsheet would take it for a formula.

    Spaces before the sign count as nothing, as they do for some programs.
    """
    return f"'{text}" if text.startswith("\t") or text.lstrip(" ").startswith(FORMULA_STARTS) else text


def unguarded(text: str) -> str:
    """The text as it was before `guarded`; our own tables come back corrected."""
    return text[1:] if text.startswith("'") and guarded(text[1:]) != text[1:] else text
