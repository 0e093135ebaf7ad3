"""The same rows as most importers do them: the workbook cell by cell, then one transaction of saves for each row."""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import fromstring  # the bench's own file, no stranger's

SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def cells(data: bytes) -> Iterator[list[str]]:
    """Each row's texts, from the XML of the first sheet, as a reader in Python gives them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        shared = [
            "".join(part.text or "" for part in item.iter(f"{SPACE}t"))
            for item in fromstring(archive.read("xl/sharedStrings.xml"))  # noqa: S314
        ]
        sheet = fromstring(archive.read("xl/worksheets/sheet1.xml"))  # noqa: S314
        for row in sheet.iter(f"{SPACE}row"):
            texts: dict[int, str] = {}
            for cell in row:
                value = cell.find(f"{SPACE}v")
                if value is not None and value.text:
                    column = ord(re.sub(r"\d", "", cell.get("r", "A"))) - ord("A")
                    texts[column] = shared[int(value.text)] if cell.get("t") == "s" else value.text
            yield [texts.get(column, "") for column in range(6)]


def register(data: bytes, of: Any) -> None:
    """Every row with all that the product stores of it, one after the other."""
    rows = cells(data)
    next(rows)
    for row in rows:
        _save(row, of)


def _save(row: list[str], of: Any) -> None:
    from django.db import transaction
    from django.db.models import F
    from django.utils import timezone

    from events.models import Event, Seats
    from registrations.models import Change, Consent, ConsentText, Registration, Student, Submission
    from tickets.models import Delivery, Ticket

    name, grade, section, roll, email, event_name = row
    now = timezone.now()
    with transaction.atomic():
        event = Event.objects.get(name=event_name)
        student = Student(
            fest=event.fest,
            school=of.school,
            name=name,
            grade=int(grade),
            section=section,
            roll_number=roll,
            email=email,
        )
        student.full_clean()
        student.save()
        submission = Submission(key=Submission.new_key(), digest=b"", student=student, created_student=True)
        submission.save()
        Consent(
            student=student, text=ConsentText.objects.get(audience="students"), basis="teacher", user=of.user
        ).save()
        seats = Seats.objects.select_for_update(no_key=True).get(pk=event.pk)
        is_free = seats.taken < seats.capacity and not seats.waiting
        state = Registration.State.CONFIRMED if is_free else Registration.State.WAITING
        registration = Registration(
            event=event,
            student=student,
            submission=submission,
            state=state,
            queue_position=seats.last_queue_position + 1,
            created_at=now,
        )
        registration.save()
        counted = "taken" if is_free else "waiting"
        Seats.objects.filter(pk=event.pk).update(
            **{counted: F(counted) + 1, "last_queue_position": F("last_queue_position") + 1}
        )
        change = Change(
            registration=registration,
            to_state=state,
            at=now,
            cause="submitted",
            actor="teacher",
            user=of.user,
        )
        change.submission = submission
        change.save()
        if is_free:
            Ticket(registration=registration, student=student, created_at=now).save()
        Delivery(
            kind="registered",
            student=student,
            submission=submission,
            to=email,
            mailbox=email,
            created_at=now,
            due_at=now,
        ).save()
