"""Many registered students at once, by the seat transaction and without a browser."""

from collections.abc import Sequence
from typing import Any

CHUNK = 100


def register(slugs: Sequence[str], many: int, *, tag: str) -> None:
    """So many students, each registered for one of these events in turn. Their PDFs count as made."""
    from events.models import Event

    events = dict(Event.objects.filter(slug__in=slugs).values_list("slug", "pk"))
    for start in range(0, many, CHUNK):
        numbers = range(start, min(start + CHUNK, many))
        _register([(f"Pupil {tag} {n}", events[slugs[n % len(slugs)]]) for n in numbers])


def _register(wanted: Sequence[tuple[str, int]]) -> None:
    from django.utils import timezone

    from events.models import Fest
    from registrations.booking.allocate import allocate
    from registrations.booking.policy import SeatRequest
    from registrations.models import Consent, ConsentText, School, Student, Submission
    from techfest.core.db.locking import Deadline, in_transaction
    from tickets.models import Ticket

    fest, text, now = (
        Fest.objects.get(slug="bench"),
        ConsentText.objects.get(audience="students"),
        timezone.now(),
    )
    schools = list(School.objects.order_by("pk"))
    deadline = Deadline(60)

    def work() -> Any:
        students = [
            Student(fest=fest, school=schools[n % len(schools)], grade=9, name=name)
            for n, (name, _event) in enumerate(wanted)
        ]
        for student in students:
            student.set_keys()
        Student.objects.bulk_create(students)
        Consent.objects.bulk_create(
            Consent(student=one, text=text, basis=Consent.Basis.FORM, at=now) for one in students
        )
        seat_requests = [
            SeatRequest(
                student,
                event,
                is_new=True,
                submission=Submission(key=Submission.new_key(), digest=b"", student=student),
            )
            for student, (_name, event) in zip(students, wanted, strict=True)
        ]
        allocate(seat_requests, actor="student", deadline=deadline)
        Ticket.objects.filter(student__in=students).update(rendered_at=now)

    in_transaction(work, deadline=deadline)
