"""Certificates: A4 landscape, one person per page, with the code of the page that proves it genuine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from tickets.pdf.layout import Box, fitted, logo_address, printable
from tickets.pdf.page import A4_HEIGHT, A4_WIDTH, MM, Code, PrintPage, ProgressCallback, write

# The code with its quiet zone, in millimetres: its dark part is 25 mm wide and more.
CODE, CODE_LEFT, CODE_TOP = 34, 238, 159
# The boxes of certificate.css, in points.
FEST = Box(388, 42, (22, 18, 15, 12, 10))
PERSON = Box(680, 82, (46, 40, 36, 32, 28, 24, 20, 17, 14, 12))
SCHOOL = Box(620, 39, (15, 13, 11, 9))
EVENT = Box(610, 48, (26, 22, 19, 16, 13, 11))
PLACE = Box(260, 16, (11, 9))


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateContent:
    """The content of one certificate; without a `rank` it certifies participation."""

    fest_name: str
    accent: str
    logo: bytes | None
    person: str
    grade: int
    school: str
    event: str
    starts_at: datetime
    time_zone: str
    place: str
    rank: int | None
    url: str
    language: str


def render_certificates(contents: Sequence[CertificateContent], *, on_progress: ProgressCallback) -> bytes:
    """Returns a PDF of these certificates in order, with a bookmark for each."""
    pages = [
        PrintPage(
            bookmarks=[(1, f"{printable(content.person)} · {printable(content.event)}", (0, 0), "open")],
            html=partial(_html, content),
            style="certificate.css",
            width=A4_HEIGHT,
            height=A4_WIDTH,
            codes=[Code(content.url, CODE_LEFT * MM, CODE_TOP * MM, CODE * MM)],
        )
        for content in contents
    ]
    language = contents[0].language if contents else "en"
    with translation.override(language):
        title = _("Certificates") + (f" · {printable(contents[0].fest_name)}" if contents else "")
    return write(pages, title=title, language=language, on_progress=on_progress)


def achievement(rank: int | None) -> str:
    """Returns what was achieved, as part of a sentence that ends with the event's name on the next line."""
    match rank:
        case None:
            return _("took part in")
        case 1:
            return _("won the first place in")
        case 2:
            return _("won the second place in")
        case 3:
            return _("won the third place in")
    return _("reached rank %(rank)d in") % {"rank": rank}


def _html(content: CertificateContent) -> str:
    with translation.override(content.language), timezone.override(content.time_zone):
        school = _("grade %(grade)d, %(school)s") % {
            "grade": content.grade,
            "school": printable(content.school),
        }
        context = {
            "accent": content.accent,
            "logo": logo_address(content.logo),
            "language": content.language,
            "fest": fitted(content.fest_name, FEST),
            "person": fitted(content.person, PERSON),
            "school": fitted(school, SCHOOL),
            "event": fitted(content.event, EVENT),
            "place": fitted(content.place, PLACE),
            "what": achievement(content.rank),
            "rank": content.rank,
            "starts_at": content.starts_at,
            "address": content.url.removeprefix("https://").removeprefix("http://"),
        }
        return render_to_string("tickets/pdf/certificate.html", context)
