"""The words of a ticket as its template prints them: every sign drawable, every text at a size that fits."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from registrations.students.names import grouped
from tickets.pdf.characters import has_substitute, printable
from tickets.pdf.fitting import Box
from tickets.pdf.logo import logo_address
from tickets.pdf.ticket import TicketContent

# Room on the page of ticket.css, in points (1 mm is 2.83 of them).
FEST = Box(226, 46, (19, 16, 13, 11, 9))
EVENT = Box(350, 110, (32, 28, 24, 20, 17, 14, 11))
VENUE = Box(175, 44, (14, 12, 11, 9))
PLACE = Box(175, 48, (11, 10, 9, 8, 7))
PERSON = Box(175, 90, (24, 22, 19, 16, 14, 12, 10, 8))
SCHOOL = Box(175, 50, (12, 11, 10, 9, 8))
SECTION = Box(100, 16, (11, 9))
CONTACT = Box(300, 18, (7,))


@dataclass(frozen=True, slots=True)
class Words:
    """One text, its size in points, and the direction it is read in."""

    text: str
    size: int

    @property
    def direction(self) -> str:
        """That of the first strong sign, as HTML's `dir="auto"`, which WeasyPrint does not know."""
        strong = (unicodedata.bidirectional(character) for character in self.text)
        first = next((way for way in strong if way in {"L", "R", "AL"}), "L")
        return "ltr" if first == "L" else "rtl"


def words_of(content: TicketContent) -> dict[str, object]:
    """The template's context for one ticket."""
    texts = {
        "fest": fitted(content.fest_name, FEST),
        "event": fitted(content.event, EVENT),
        "venue": fitted(content.venue, VENUE),
        "place": fitted(content.place, PLACE),
        "person": fitted(content.person, PERSON),
        "school": fitted(content.school, SCHOOL),
        "section": fitted(content.section, SECTION),
        "contact": fitted(content.contact, CONTACT),
    }
    return {
        **texts,
        "accent": content.accent,
        "logo": logo_address(content.logo),
        "grade": content.grade,
        "starts_at": content.starts_at,
        "ends_at": content.ends_at,
        "zone": zone_name(content.starts_at, content.time_zone),
        "reference": grouped(content.reference),
        "language": content.language,
        "is_substituted": any(has_substitute(words.text) for words in texts.values()),
    }


def fitted(text: str, box: Box) -> Words:
    return Words(*box.fit(printable(text)))


def zone_name(moment: datetime, time_zone: str) -> str:
    """The zone's short name where it has one (IST), else its distance from UTC."""
    name = moment.astimezone(ZoneInfo(time_zone)).strftime("%Z")
    return f"UTC{name[:3]}:{name[3:]}".removesuffix(":") if name[:1] in {"+", "-"} else name
