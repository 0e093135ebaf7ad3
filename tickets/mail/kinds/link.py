"""The mail with the secret link to “My registrations”, for each student of the address."""

from typing import Any

from registrations import links
from registrations.students.identity import with_email
from tickets.content import absolute
from tickets.mail import address_confirmation
from tickets.mail.kinds.base import StudentMail
from tickets.models import Delivery


class Link(StudentMail):
    """Anyone who knows an address can request it. It is sent to that address, with the links of that address only."""

    kind = Delivery.Kind.LINK
    templates = "mail/link"
    comes_from_public_forms = True

    def details(self, delivery: Delivery, context: dict[str, Any]) -> dict[str, Any]:
        fest = context["fest"]
        family = with_email(delivery.to, fest_id=fest.pk)
        return {
            "family": [(one, absolute(links.my_path(one))) for one in family],
            "to_confirm": address_confirmation.of_students(family, fest=fest),
        }

    def is_true(self, context: dict[str, Any]) -> bool:
        return bool(context["family"])
