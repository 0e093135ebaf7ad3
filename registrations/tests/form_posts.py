"""What a browser sends to the form, for tests that come in by the front door."""

import itertools
from typing import Any

from django.test import Client

from events.models import Event
from registrations.booking.idempotency import new_key

FORM = "/register/"
_numbers = itertools.count(1)


def typed(*events: Event | str, **values: Any) -> dict[str, Any]:
    """A filled-in form of a new student, with a new key; `None` leaves a field out."""
    number = next(_numbers)
    fields = {
        "key": new_key(),
        "events": [event if isinstance(event, str) else event.slug for event in events],
        "name": f"Asha Rao {number}",
        "school": "Riverside Public School",
        "grade": "7",
        "section": "",
        "roll_number": "",
        "email": f"asha{number}@example.org",
        "want_waiting": "on",
        "consent": "on",
    }
    return {name: value for name, value in (fields | values).items() if value is not None}


def post_form(client: Client, *events: Event | str, **values: Any) -> Any:
    """Sends a filled-in form; redirects are not followed."""
    return client.post(FORM, typed(*events, **values))


def text_of(response: Any) -> str:
    return str(response.content.decode())
