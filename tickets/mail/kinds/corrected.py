"""The mail to a student's former address after the name or address was changed."""

from typing import Any

from tickets.mail.kinds.base import StudentMail
from tickets.models import Delivery


class Corrected(StudentMail):
    """It contains no link, because the address may no longer be the student's."""

    kind = Delivery.Kind.CORRECTED
    templates = "mail/corrected"
    comes_from_public_forms = True

    def is_true(self, context: dict[str, Any]) -> bool:
        return True
