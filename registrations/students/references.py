"""References of students, drawn so that none can be read as a rude word.

New references have no vowels, nor digits and letters that are read as vowels, so they spell no word. What is left are
words that are understood without vowels. References that were given earlier stay valid: what a reference may have is
`ALPHABET` of `registrations.students.names`.
"""

import secrets

DRAWN = "256789BCDFGHJKMNPQRSTWXZ"
"""Of the alphabet, what new references have: no A, E, U, Y, no V for U, and no 3 and 4 for E and A."""
LENGTH = 7
_DIGITS = str.maketrans("256789", "ZSGTBG")
_LOOK_ALIKES = str.maketrans("256789CQ", "ZSGTBGKK")
"""What is read as another letter, as in 5HT and FQK."""
_RUDE = (
    "BC BHNCH BJ BKC BSDK BSTRD BTCH CHD CHNK CHT CNT DCK DTF FCK FGG FGT FKN FTZ GND GTFO HH HJ HRM HRN KCK KKK KRW"
    " KTT MC MDRCH MKC MRD NGG NGR NSFW NTT NZ PHK PRCK PRN PSSW PSS PTN PZD RND RSCH RSP RTD RTRD SHT SKM SKT SPC SS"
    " STFU SX TTS TWT WCHS WHR WNK WTF WX XXX"
)
"""Words of several languages without their vowels, and abbreviations."""
_NUMBERS = ("69", "88", "666")
_READ = frozenset(word.translate(_LOOK_ALIKES) if len(word) > 2 else word for word in _RUDE.split()).union(
    _NUMBERS
)
_LENGTHS = sorted({len(word) for word in _READ})


def random_reference() -> str:
    """Return seven random characters that name a student. They grant no access."""
    while is_rude(reference := _drawn()):
        pass
    return reference


def _drawn() -> str:
    number, reference = secrets.randbelow(len(DRAWN) ** LENGTH), ""
    for _ in range(LENGTH):
        number, letter = divmod(number, len(DRAWN))
        reference += DRAWN[letter]
    return reference


def is_rude(reference: str) -> bool:
    """Whether one of the words can be read in it."""
    return any(
        text[at : at + length] in _READ
        for text in (reference, reference.translate(_DIGITS), reference.translate(_LOOK_ALIKES))
        for length in _LENGTHS
        for at in range(len(text) - length + 1)
    )
