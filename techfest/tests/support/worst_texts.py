"""A Hypothesis strategy for texts that are the most expensive to normalise."""

from hypothesis import strategies as st

MARKS = "\u0301\u0323"
"""Marks above and below a letter, which normalisation must sort."""
PIECES = {
    "marks": MARKS,
    "marks that are two": "\u0344",
    "marks without a class": "\u0f73\u0f71",
    "enclosing marks": "\u20dd\u20e3",
    "ligature of eighteen letters": "\ufdfa",
    "joiners": "\u200d",
    "family": "👩\u200d",
    "variation selectors": "\ufe0f\U000e0100",
    "turns of direction": "\u202e\u2066",
    "leading jamo": "\u1100",
    "syllable of jamo": "\u1100\u1161\u11a8",
    "letters that decompose": "\u1fa7\u1ec7",
    "vowel signs": "\u0e38\u0e48",
    "tags": "\U000e0041",
    "unassigned": "\u0378\U000e0fff",
    "noncharacter": "\uffff",
    "half of a pair": "\ud800",
    "control": "\x00",
    "spaces": "\u3000 ",
    "letters": "aß",
}


def worst_texts(maximum: int) -> st.SearchStrategy[str]:
    """A letter followed by a few pieces, each repeated up to `maximum` times."""
    piece = st.builds(
        lambda text, many: text * many, st.sampled_from(sorted(PIECES.values())), st.integers(1, maximum)
    )
    return st.lists(piece, min_size=1, max_size=4).map(lambda pieces: "a" + "".join(pieces))
