"""What a student has reached, as "my registrations" shows it: published ranks, and own certificates."""

from dataclasses import dataclass, field

from events.models import Event
from registrations.models import Student
from registrations.results.publish import reached_by
from tickets.documents.certificates import path_of
from tickets.models import Certificate


@dataclass(slots=True)
class Achievement:
    """One event: the rank and points once they are public, and the addresses of certificates that are valid."""

    event: Event
    rank: int = 0
    points: str = ""
    certificates: list[tuple[str, str]] = field(default_factory=list)


def achievements_of(student: Student) -> list[Achievement]:
    """One line for each event of which something is known, by its start. Two queries."""
    found: dict[int, Achievement] = {
        one.event.pk: Achievement(one.event, one.rank, one.points) for one in reached_by(student)
    }
    rows = Certificate.objects.filter(student=student, revoked_at=None)
    for row in rows.select_related("registration__event").order_by("kind", "pk"):
        event = row.registration.event
        line = found.setdefault(event.pk, Achievement(event))
        line.certificates.append((row.get_kind_display(), path_of(row)))
    return sorted(found.values(), key=lambda line: (line.event.starts_at, line.event.pk))
