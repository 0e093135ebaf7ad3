"""What one printed ticket says, apart from any database."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TicketContent:
    """The words of one ticket as people typed them; `url` is what the QR code holds, and nothing else.

    Times are aware and are printed in `time_zone` (a name like Asia/Kolkata). `accent` is one of the fest's
    eight; `logo` is the bytes of a PNG or JPEG. `contact` belongs to the fest: a ticket never carries an e-mail
    address or a phone number of a student.
    """

    fest_name: str
    accent: str
    logo: bytes | None
    person: str
    grade: int
    section: str
    school: str
    event: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    venue: str
    place: str
    reference: str
    url: str
    language: str
    contact: str

    def __post_init__(self) -> None:
        """Refuse what would make a ticket that nobody can scan or nobody can read, with ValueError."""
        if not self.url.startswith(("https://", "http://")):
            raise ValueError("A ticket is not printed without the URL for its QR code.")
        if self.starts_at.utcoffset() is None or self.ends_at.utcoffset() is None:
            raise ValueError("A ticket is not printed with times that have no zone.")
