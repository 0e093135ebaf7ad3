"""Names that are readable, but may not be what the teacher meant."""

import re

from django.utils.translation import gettext as _

from registrations.students.names import clean_text

_BREAK = re.compile(r"[\t\n\r\v\f\x85\u2028\u2029]")


def name_doubt(text: str) -> str:
    """Return a sentence about a name on several lines or with quotation marks, or an empty text."""
    name = clean_text(text)
    if _BREAK.search(text.strip()):
        return _(
            "The name has a line break or tab inside. It is read as “%(name)s”: check that this is one student."
        ) % {"name": name}
    if '"' in text:
        return _("The name has quotation marks. It is read as “%(name)s”: check that nothing is missing.") % {
            "name": name
        }
    return ""
