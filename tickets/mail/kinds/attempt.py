"""The warning to a student whose name was used in a registration with another e-mail address."""

from typing import Any

from tickets.mail.kinds.base import StudentMail
from tickets.models import Delivery


class Attempt(StudentMail):
    kind = Delivery.Kind.ATTEMPT
    templates = "mail/attempt"
    comes_from_public_forms = True

    def is_true(self, context: dict[str, Any]) -> bool:
        return bool(context["my_url"])
