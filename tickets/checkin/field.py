"""The one field of the door: what a hand scanner sends, a typed code or reference, or a name."""

import unicodedata
import uuid
from typing import Any

from tickets.checkin import keyboards, lookup
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.lookup import Kind, People, read
from tickets.checkin.scan import Choice, SchoolList, check_in
from tickets.models import CheckIn, Scan

LONGEST_NAME = 80
SHORTEST_CODE = 16
"""Letters of a single word that may be the rest of a code which was cut off; few names are as long."""
_BETWEEN = frozenset(" .,'’-\u200c\u200d")

Answer = Scan | Choice | SchoolList | People


def answer(
    checkpoint: Checkpoint,
    *,
    text: str,
    key: uuid.UUID,
    user: Any,
    registration_id: int | None = None,
    how: str = CheckIn.How.SCAN,
) -> Answer:
    """Recognises the text and answers it: a code or reference is checked in, a name finds people.

    A name writes nothing but its count. Raises what `check_in` and `count_search` raise.
    """

    def checked_in() -> Answer:
        return check_in(checkpoint, code=text, key=key, user=user, registration_id=registration_id, how=how)

    if registration_id is not None or not may_be_name(text):
        return checked_in()
    reading = read(text)
    if reading.kind == Kind.REFERENCE:
        lookup.refuse_guessing(user, reading)
        if lookup.by_reference(reading.value, checkpoint.fest):
            return checked_in()
    elif reading.kind != Kind.NOTHING:
        return checked_in()
    lookup.count_search(user)
    people = lookup.search(checkpoint, text)
    is_code = reading.kind == Kind.REFERENCE or (
        len(text.strip()) >= SHORTEST_CODE and " " not in text.strip()
    )
    return checked_in() if is_code and not people.rows else people


def may_be_name(text: str) -> bool:
    """Whether this consists of letters, as a name does, and is no address typed on a keyboard of another layout."""
    text = text.strip()
    letters = [sign for sign in text if sign not in _BETWEEN]
    is_short = len(letters) >= lookup.MIN_CHARACTERS and len(text) <= LONGEST_NAME
    return is_short and all(map(_is_letter, letters)) and not keyboards.explain(text)


def _is_letter(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LM"
