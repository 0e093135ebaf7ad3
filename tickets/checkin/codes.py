"""What a scanner read or somebody typed: a ticket's or a school's code, a student's reference, or nothing of ours."""

import re
from dataclasses import dataclass
from enum import Enum

from registrations.students.names import clean_text

LONGEST = 500
"""Signs; a ticket's address has fewer, and nothing longer is looked at."""
_ADDRESS = re.compile(r"/(t|delegation)/([A-Za-z0-9_-]{22})(?:[/?#]|$)")
_CODE = re.compile(r"[A-Za-z0-9_-]{22}")
_REFERENCE = re.compile(r"[A-Z0-9]{7}")


class Kind(Enum):
    """What the text can be; a bare code may be a ticket's or a school's."""

    CODE = "code"
    TICKET = "ticket"
    SCHOOL = "school"
    REFERENCE = "reference"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Reading:
    kind: Kind
    value: str = ""


def read(text: str) -> Reading:
    """Case, dashes and spaces of a typed reference do not matter; a code is taken exactly as it stands."""
    text = clean_text(text[: LONGEST + 1])
    if len(text) > LONGEST:
        return Reading(Kind.NOTHING)
    if found := _ADDRESS.search(text):
        return Reading(Kind.TICKET if found[1] == "t" else Kind.SCHOOL, found[2])
    if _CODE.fullmatch(text):
        return Reading(Kind.CODE, text)
    reference = re.sub(r"[\W_]", "", text).upper()
    if _REFERENCE.fullmatch(reference):
        return Reading(Kind.REFERENCE, reference)
    return Reading(Kind.NOTHING)
