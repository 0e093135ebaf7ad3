"""Hand class lists over to a colleague of the same school, who then gets the mails about them."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from registrations import hooks
from registrations.class_lists.drafts import ListDeleted, lock_lists
from registrations.models import ClassList, School, Teacher


def lists_of(school: School, fest_id: int) -> list[ClassList]:
    """Return the class lists of this school, newest first, each with its owner."""
    rows = ClassList.objects.filter(school=school, fest=fest_id).select_related("owner")
    return list(rows.order_by("-created_at", "-pk"))


def colleagues_of(teacher: Teacher) -> list[Teacher]:
    """Return the other teachers of the same school."""
    rows = Teacher.objects.with_access().filter(school=teacher.school).exclude(pk=teacher.pk)
    return list(rows.select_related("user", "school").order_by("pk"))


def hand_over(
    list_ids: Collection[int], *, giver: Teacher, taker: Teacher, fest_id: int, now: datetime
) -> list[ClassList]:
    """Make the colleague the owner of these lists and mail both teachers; return the lists that changed hands.

    Raises `ListDeleted` if one of them is gone; then none is handed over.
    """
    with transaction.atomic():
        rows = lock_lists(ClassList.objects.filter(pk__in=list_ids, fest=fest_id))
        if len(rows) < len(set(list_ids)):
            raise ListDeleted
        moved = [row for row in rows if (row.school_id, row.fest_id) == (giver.school_id, fest_id)]
        moved = [row for row in moved if row.owner_id != taker.user_id]
        ClassList.objects.filter(pk__in=[row.pk for row in moved]).update(owner=taker.user)
        if moved:
            _notify(moved, giver, taker, now)
    return moved


def _notify(moved: list[ClassList], giver: Teacher, taker: Teacher, now: datetime) -> None:
    titles = "\n".join(f"- {row.title}" for row in moved)
    words = {"giver": giver.name, "taker": taker.name, "titles": titles}
    notices = {
        giver: (
            _("You handed over class lists"),
            _("%(taker)s is in charge of these class lists now:\n\n%(titles)s") % words,
        ),
        taker: (
            _("Class lists were handed to you"),
            _("%(giver)s handed these class lists to you:\n\n%(titles)s\n\nMails about them come to you now.")
            % words,
        ),
    }
    for teacher, (subject, text) in notices.items():
        if teacher.user.email:
            hooks.enqueue_notice.call(
                to=teacher.user.email,
                subject=subject,
                text=text,
                link=f"{settings.SITE_URL}/teacher/",
                link_label=_("My students"),
                user=teacher.user,
                now=now,
            )
