"""The rule for edits that two people make at once: a value is saved only over the value that its editor was shown.

For values that compare by `==`: cells of class lists and timetables. Forms of the admin follow the same rule with
Django's own comparison of fields (`techfest.core.admin.concurrent_edits`).
"""

from enum import Enum
from typing import Any


class Edit(Enum):
    """What becomes of one value of a form or file."""

    NOTHING = "it was left as shown, or is stored already"
    SAVE = "it replaces what was shown"
    CONFLICT = "another person changed the stored value meanwhile"


def compare(*, shown: Any, stored: Any, wanted: Any) -> Edit:
    """Compare what the editor was shown, what is stored now, and what the editor wants to store.

    Each value is compared by itself, so two people may change different values of one row. Digests serve as well.
    """
    if wanted in (shown, stored):
        return Edit.NOTHING
    return Edit.SAVE if stored == shown else Edit.CONFLICT
