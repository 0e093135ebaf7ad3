"""What a school's students hold already, and who entered it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from registrations.models import Change, Registration

Actor = Change.Actor


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who made a registration, and when."""

    actor: str
    user_id: int | None
    name: str
    at: datetime

    def words(self, *, reader: int) -> str:
        """Fit to show to this user, whose own entries are theirs."""
        words = {"name": self.name, "time": _time(self.at)}
        if self.actor == Actor.STUDENT:
            return _("already registered by the student")
        if self.user_id == reader:
            return _("already entered by you, %(time)s") % words
        if self.actor == Actor.TEACHER and self.name:
            return _("already entered by %(name)s, %(time)s") % words
        return _("already entered by the organisers, %(time)s") % words


def registrations_of(
    student_ids: Iterable[int],
) -> tuple[dict[int, list[Registration]], dict[int, Provenance]]:
    """The active registrations of these students, student -> registrations, and who made each; one query."""
    first = Change.objects.filter(registration=OuterRef("pk"), from_state="").order_by("pk")
    names = ("actor", "user_id", "user__first_name", "user__last_name", "user__username", "at")
    made = {f"made_{name}": Subquery(first.values(name)[:1]) for name in names}
    rows = Registration.objects.active().filter(student__in=list(student_ids))
    held: dict[int, list[Registration]] = defaultdict(list)
    provenance = {}
    for registration in rows.select_related("event").annotate(**made).order_by("pk"):
        held[registration.student_id].append(registration)
        actor, user, given, family, login, at = (getattr(registration, f"made_{name}") for name in names)
        name = f"{given or ''} {family or ''}".strip() or login or ""
        provenance[registration.pk] = Provenance(actor or "", user, name, at or registration.created_at)
    return held, provenance


def _time(at: datetime) -> str:
    """The hour alone today, the day otherwise; the zone is the one that is active."""
    local = timezone.localtime(at)
    if local.date() == timezone.localdate():
        return formats.time_format(local, "H:i")
    return formats.date_format(local, "j M")
