"""Names that are readable, but may not be what the teacher meant."""

import re

from django.utils.translation import gettext as _

from registrations.students.names import clean_text

_MORE_THAN_A_NAME = re.compile(
    r"[@/\\%&;|+]|\d{7}|^\s*\d{1,3}\s*[.)\]:]|_x[0-9a-f]{4}_|\((?:absent|left|new|tc|withdrawn|cancel\w*)\b",
    re.IGNORECASE,
)
"""Two names, the number of a row, a phone number, an address, a relation (D/o), a remark, or escaped letters."""
_BREAK = re.compile(r"[\t\n\r\v\f\x85\u2028\u2029]")


def legacy_font_warning(text: str, name: str) -> str:
    """Return the question about a name that is typed with a legacy font, and is this name in Unicode."""
    words = {"text": text, "name": name}
    return (
        _(
            "“%(text)s” is typed with an old Hindi font such as Kruti Dev, so programs show these letters. Did you "
            "mean “%(name)s”? To correct the whole list, convert it to Unicode and upload it again."
        )
        % words
    )


def name_warning(text: str) -> str:
    """Return a sentence about a name that may hold more than the name of one student, or an empty text."""
    name = clean_text(text)
    if _BREAK.search(text.strip()):
        return _(
            "The name has a line break or tab inside. It is read as “%(name)s”: check that this is one student."
        ) % {"name": name}
    if '"' in text:
        return _("The name has quotation marks. It is read as “%(name)s”: check that nothing is missing.") % {
            "name": name
        }
    if _MORE_THAN_A_NAME.search(text):
        return _("Is “%(name)s” only the name of one student? If not, correct it here.") % {"name": name}
    return ""
