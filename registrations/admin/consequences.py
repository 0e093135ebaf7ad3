"""What an act did to registrations, read from the rows it inserted: for the page that asks, and for the report."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from registrations import hooks
from registrations.booking.change_notices import (
    is_cancelled,
    is_changed,
    is_moved,
    is_promoted,
    subject_about,
)
from registrations.models import Change, Registration, School, Teacher
from techfest.core.admin.rehearsal import Consequences, Group, register_reader
from techfest.core.db.clock import database_now

Cause = Change.Cause
_SILENT = (Cause.MERGED, Cause.ERASED)


KINDS: tuple[tuple[Callable[[Change], bool], Any, Any], ...] = (
    (
        is_cancelled,
        ngettext_lazy(
            "%(count)d registration is cancelled", "%(count)d registrations are cancelled", "count"
        ),
        ngettext_lazy("%(count)d cancelled", "%(count)d cancelled", "count"),
    ),
    (
        is_moved,
        ngettext_lazy("%(count)d is moved to", "%(count)d are moved to", "count"),
        ngettext_lazy("%(count)d moved", "%(count)d moved", "count"),
    ),
    (
        is_promoted,
        ngettext_lazy("%(count)d gets a seat", "%(count)d get a seat", "count"),
        ngettext_lazy("%(count)d promoted", "%(count)d promoted", "count"),
    ),
    (
        is_changed,
        ngettext_lazy(
            "%(count)d registration is affected by the change",
            "%(count)d registrations are affected by the change",
            "count",
        ),
        ngettext_lazy("%(count)d affected by the change", "%(count)d affected by the change", "count"),
    ),
)
_MAILS = ngettext_lazy("%(count)d mail queued", "%(count)d mails queued", "count")
_NOTICES = ngettext_lazy("%(count)d mail to teachers queued", "%(count)d mails to teachers queued", "count")


class RegistrationReader:
    """Knows changes of registrations; mails are read by the app that sends them."""

    def read(self, rows: Sequence[Model], *, shows_mails: bool) -> Consequences:
        changes = [row for row in rows if isinstance(row, Change)]
        forecast = hooks.forecast_mails.call(rows, shows_mails)
        groups, counts = [], []
        for belongs, words, short in KINDS:
            some = [change for change in changes if belongs(change)]
            if some:
                groups.append(Group(words % {"count": len(some)}, [_line(one.registration) for one in some]))
                counts.append(short % {"count": len(some)})
        counts += _mail_counts(forecast)
        unmailed = _unmailed(changes)
        without = [one.registration for one in unmailed]
        return Consequences(
            facts=sorted(_fact(one) for one in changes if not is_changed(one)),
            groups=groups,
            counts=counts,
            mails=forecast.to_students,
            samples=forecast.samples,
            unmailed=_by_school(without) if shows_mails else [],
            unmailed_ids=_stored_ids(unmailed, changes),
            teachers=len(_teachers(without)) if shows_mails else 0,
        )

    def tell_teachers(self, rows: Sequence[Model], *, words: str) -> None:
        changes = _unmailed([row for row in rows if isinstance(row, Change)])
        now = database_now()
        for teacher in _teachers([one.registration for one in changes]):
            mine = [one for one in changes if one.registration.student.school_id == teacher.school_id]
            hooks.enqueue_notice.call(
                to=teacher.user.email,
                subject=subject_about(len(mine)),
                text=words,
                changes=[one.pk for one in mine],
                user=teacher.user,
                now=now,
                link=f"{settings.SITE_URL}{reverse('teacher:home')}",
                link_label=_("Your students"),
            )


register_reader(RegistrationReader())


def scaled(
    found: Consequences, *, promoted: Sequence[Registration], alike: Sequence[Registration]
) -> Consequences:
    """Return for all `promoted`, and for all that are `alike`, what was rehearsed with one of each.

    The mail of the promoted one is the first sample, that of the other the last.
    """
    without = [row for row in {row.pk: row for row in (*promoted, *alike)}.values() if not row.student.email]
    samples, mails = [*found.samples], found.mails
    for rows, place in ((promoted, 0), (alike, -1)):
        told = sum(bool(row.student.email) for row in rows)
        if told and samples:
            samples[place] = replace(samples[place], count=told)
            mails += told - 1
    return replace(
        found,
        mails=mails,
        samples=samples,
        unmailed=_by_school(without),
        unmailed_ids=[row.pk for row in without],
        teachers=len(_teachers(without)),
    )


def _mail_counts(forecast: "hooks.MailForecast") -> list[str]:
    counts = [_MAILS % {"count": forecast.to_students}]
    if forecast.to_teachers:
        counts.append(_NOTICES % {"count": forecast.to_teachers})
    return counts


def _fact(change: Change) -> list[object]:
    """What tells this change from others; a new registration has another primary key each time."""
    row = change.registration
    return [row.student_id, row.event_id, change.from_state, change.to_state, change.cause]


def _line(row: Registration) -> str:
    return format_html(
        '<bdi translate="no">{}</bdi> ({}), <bdi translate="no">{}</bdi>',
        row.student.name,
        row.student.school_class,
        row.event.name,
    )


def _unmailed(changes: Iterable[Change]) -> list[Change]:
    """The change to tell of each registration whose student has no e-mail address; of a move that to the new event."""
    last = {one.registration.pk: one for one in changes if one.cause not in _SILENT}
    without = [one for one in last.values() if not one.registration.student.email]
    return [one for one in without if not _is_left(one)]


def _is_left(change: Change) -> bool:
    return change.cause == Cause.MOVED and bool(change.from_state)


def _stored_ids(unmailed: Sequence[Change], changes: Iterable[Change]) -> list[int]:
    """Primary keys of registrations that exist before the act as well: for a move the one that is left."""
    left = {one.registration.student_id: one.registration.pk for one in changes if _is_left(one)}
    return [
        left.get(one.registration.student_id, one.registration.pk) if is_moved(one) else one.registration.pk
        for one in unmailed
    ]


def _by_school(registrations: Sequence[Registration]) -> list[Group]:
    schools = School.objects.filter(pk__in={row.student.school_id for row in registrations})
    names = dict(schools.values_list("pk", "name"))
    found: dict[int, list[str]] = defaultdict(list)
    for row in registrations:
        found[row.student.school_id].append(_line(row))
    teachers: dict[int, list[str]] = defaultdict(list)
    for teacher in _teachers(registrations):
        teachers[teacher.school_id].append(teacher.name)
    return [
        Group(names[pk], lines, tuple(teachers[pk]))
        for pk, lines in sorted(found.items(), key=lambda pair: names[pair[0]])
    ]


def _teachers(registrations: Sequence[Registration]) -> list[Teacher]:
    """The teachers with access and an address at the schools of these students."""
    schools = {row.student.school_id for row in registrations}
    if not schools:
        return []
    rows = Teacher.objects.with_access().filter(school__in=schools).exclude(user__email="")
    return list(rows.select_related("user").distinct().order_by("pk"))
