"""When a fest is purged: after its last event, never while it is current, never without a week's notice."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from events.dates import PURGE_NOTICE as NOTICE
from events.dates import names_kept_until
from events.models import Event, Fest
from registrations import hooks
from registrations.models import ClassList, PurgePlan, Registration, Student
from registrations.teachers.account_mails import absolute_url
from techfest.core.db.clock import database_now
from techfest.core.roles import owners_with_email


@dataclass(frozen=True, slots=True)
class Schedule:
    """A fest and its purge. `announced_at` is when the owners were notified of exactly this `due_at`."""

    fest: Fest
    due_at: dt.datetime
    announced_at: dt.datetime | None

    @property
    def purges_at(self) -> dt.datetime:
        """The earliest time of the purge, provided that the fest is not the current one."""
        if self.announced_at is None:
            return self.due_at
        return max(self.due_at, self.announced_at + NOTICE)

    def is_due(self, now: dt.datetime) -> bool:
        """Whether the purge may run now: the owners were notified a week ago and the data is no longer needed."""
        return not self.fest.is_current and self.announced_at is not None and now >= self.purges_at

    def is_held(self, now: dt.datetime) -> bool:
        """Whether the data is kept only because the fest is marked as current."""
        return self.fest.is_current and now >= self.due_at

    def is_to_be_announced(self, now: dt.datetime) -> bool:
        return not self.fest.is_current and self.announced_at is None and now >= self.due_at - NOTICE


def schedules(fests: Iterable[Fest]) -> list[Schedule]:
    """Return the schedules of these fests in two queries. Announcements for other dates do not count."""
    known = list(fests)
    ends = dict(
        Event.objects.filter(fest__in=known)
        .exclude(state=Event.State.CANCELLED)
        .order_by()
        .values_list("fest")
        .annotate(end=Max("ends_at"))
    )
    plans = {plan.fest_id: plan for plan in PurgePlan.objects.filter(fest__in=known)}
    found = []
    for fest in known:
        due_at = names_kept_until(fest, ends.get(fest.pk))
        plan = plans.get(fest.pk)
        announced_at = plan.announced_at if plan and plan.due_at == due_at else None
        found.append(Schedule(fest, due_at, announced_at))
    return found


def schedule_of(fest_id: int) -> Schedule:
    """Return the schedule from the database, ignoring anything read before."""
    return schedules([Fest.objects.get(pk=fest_id)])[0]


def announce_due() -> int:
    """Notify the owners once of every purge of the coming week and of each new date; return how many were announced.

    An announcement for other dates, or from before the fest became current again, is withdrawn and the week starts
    anew. So no edit leads to a purge within a week.
    """
    return sum(_announce(pk) for pk in Fest.objects.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _announce(fest_id: int) -> bool:
    fest = Fest.objects.select_for_update(no_key=True).get(pk=fest_id)
    schedule = schedules([fest])[0]
    if fest.is_current or schedule.announced_at is None:
        PurgePlan.objects.filter(fest=fest).delete()
    now = database_now()
    if not schedule.is_to_be_announced(now) or not has_names_left(fest):
        return False
    PurgePlan.objects.create(fest=fest, due_at=schedule.due_at, announced_at=now)
    if has_personal_data(fest):
        _notify_owners(Schedule(fest, schedule.due_at, now), now)
    return True


def has_names_left(fest: Fest) -> bool:
    """Whether a purge has anything left to do."""
    return Student.objects.known().filter(fest=fest).exists() or not fest.purges.exists()


def has_personal_data(fest: Fest) -> bool:
    """Whether a purge would erase anything: without students and class lists it only writes its report."""
    known = Student.objects.known().filter(fest=fest)
    return known.exists() or ClassList.objects.filter(fest=fest).exists()


def _notify_owners(schedule: Schedule, now: dt.datetime) -> None:
    fest = schedule.fest
    students = Student.objects.known().filter(fest=fest).count()
    words = {
        "fest": fest.name,
        "when": purge_day(schedule),
        "students": students,
        "registrations": Registration.objects.filter(event__fest=fest, student__erased_at=None).count(),
        "last": date_format(fest.ends_on, "j F Y"),
    }
    subject = _("The names of %(fest)s will be erased on %(when)s")
    text = _(
        "On %(when)s all personal data of %(fest)s will be erased: %(students)d students with "
        "%(registrations)d registrations, their mails, tickets and class lists. Schools, accounts and totals stay.\n\n"
        "The date follows from the fest's last day (%(last)s), its last event, and the number of days for which "
        "names are kept.\n\n"
        "If this is right, you need not do anything. If a date is wrong, correct it on the fest's page before then: "
        "the erasure is then postponed."
    )
    for owner in owners_with_email():
        hooks.enqueue_notice.call(
            to=owner.email,
            subject=subject % words,
            text=text % words,
            link=absolute_url(reverse("admin:events_fest_change", args=[fest.pk])),
            link_label=_("Open the fest's page"),
            user=owner,
            now=now,
        )


def purge_day(schedule: Schedule) -> str:
    """Return the day of the purge in the fest's time zone."""
    return date_format(timezone.localtime(schedule.purges_at, schedule.fest.zone), "j F Y")


def describe_state(schedule: Schedule, now: dt.datetime) -> str:
    """Return in whole sentences when the names are erased and what that depends on."""
    words = {"when": purge_day(schedule)}
    if schedule.is_due(now):
        return _("It is time to erase the names.")
    if schedule.is_held(now):
        return _(
            "The names are kept only because it is the current fest: they are no longer needed since %(when)s. "
            "Remove the mark “current” from the fest."
        ) % {"when": date_format(timezone.localtime(schedule.due_at, schedule.fest.zone), "j F Y")}
    if schedule.fest.is_current:
        return _("The names are kept until %(when)s, and as long as it is the current fest.") % words
    if schedule.announced_at:
        return _("The names will be erased on %(when)s. The owners were notified by e-mail.") % words
    if now >= schedule.due_at - NOTICE:
        return (
            _("The names are kept until %(when)s, and for a week after the owners are notified by e-mail.")
            % words
        )
    return _("The names are kept until %(when)s.") % words
