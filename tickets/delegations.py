"""The QR code of a school, which opens the school's list for volunteers and nothing for other people."""

from django.db import transaction

from events.models import Fest
from registrations.models import School, random_code
from tickets.models import Delegation


def delegation_of(school: School, fest: Fest) -> Delegation | None:
    return Delegation.objects.filter(school=school, fest=fest).first()


def renew(school: School, fest: Fest) -> Delegation:
    """Give the school a new code; the former code stops working."""
    with transaction.atomic():
        found, _made = Delegation.objects.update_or_create(
            school=school, fest=fest, defaults={"code": random_code()}
        )
    return found


def by_code(code: str) -> Delegation | None:
    return Delegation.objects.select_related("school", "fest").filter(code=code).first()
