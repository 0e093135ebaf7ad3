"""What mails say of addresses that are still to be confirmed."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Min

from events.models import Fest
from registrations import links
from registrations.models import Registration, Student
from tickets.faces import absolute


def of_students(students: Sequence[Student], *, fest: Fest) -> list[tuple[Student, str, datetime]]:
    """Those who have something to confirm, with the link that does it and until when; one query, or none."""
    if not fest.confirms_addresses:
        return []
    rows = Registration.objects.active().filter(student__in=students, confirm_by__isnull=False)
    until = dict(rows.order_by().values_list("student").annotate(Min("confirm_by")))
    return [(one, absolute(links.confirm_path(one)), until[one.pk]) for one in students if one.pk in until]
