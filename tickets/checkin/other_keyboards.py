"""Codes that a hand scanner typed on a keyboard of another layout, or with Caps Lock on."""

from events.models import Fest
from tickets.checkin import keyboards
from tickets.checkin.lookup import CODE, Found, Kind, read
from tickets.models import Delegation, Ticket


def by_other_keyboard(text: str, fest: Fest) -> list[Found]:
    """The ticket that a hand scanner meant by this text if the keyboard has another layout or Caps Lock is on."""
    codes = _codes_meant_by(text, Kind.TICKET)
    tickets = Ticket.objects.select_related("registration__event__venue", "registration__student__school")
    found = tickets.filter(code__in=codes, registration__event__fest=fest) if codes else ()
    return [Found(one.registration, one) for one in found]


def school_by_other_keyboard(text: str, fest: Fest) -> Delegation | None:
    """The school's code that a hand scanner meant, likewise."""
    codes = _codes_meant_by(text, Kind.SCHOOL)
    rows = Delegation.objects.select_related("school", "fest").filter(code__in=codes, fest=fest)
    return rows.first() if codes else None


def _codes_meant_by(text: str, kind: Kind) -> list[str]:
    """A bare code with capital and small letters exchanged is no other code: it must match exactly."""
    texts = [one for one in keyboards.meant_by(text) if one != text.swapcase() or not CODE.fullmatch(one)]
    return [reading.value for reading in map(read, texts) if reading.kind in (kind, Kind.CODE)]
