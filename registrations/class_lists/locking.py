"""Whoever changes a class list holds its row first and looks at it afterwards.

Lock order: seats, schools, students, registrations, then class lists by primary key, then their jobs and rows. Only
the worker of a job holds that job before the seats, and nobody else touches a job that is not finished.
"""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from registrations.booking.errors import ActionRejected, RegistrationError
from registrations.models import ClassList


class ListDeleted(RegistrationError):
    """The list was deleted since its page was shown; nothing was done."""

    text = _("A colleague deleted this list.")


def lock_list(class_list: ClassList) -> ClassList:
    """The list as it is now, held until the transaction ends. Raises `ListDeleted`.

    Found by nothing but its number: any further condition would be judged by what was there before the wait.
    """
    (locked,) = lock_lists(ClassList.objects.filter(pk=class_list.pk)) or (None,)
    if locked is None:
        raise ListDeleted
    return locked


def lock_lists(lists: QuerySet[ClassList]) -> list[ClassList]:
    """These lists, each with its fest, held in the order of their numbers; those that were deleted are not there."""
    rows = lists.order_by("pk").select_related("fest")
    return list(rows.select_for_update(no_key=True, of=("self",)))


def is_at_work(class_list: ClassList) -> bool:
    """Whether a worker has rows of this list, or will have them; asked of a list that is held."""
    return class_list.jobs.filter(finished_at=None).exists()


def require_idle(class_list: ClassList, words: str) -> None:
    """Raises `ActionRejected` with these words while a worker is at a list that is held."""
    if is_at_work(class_list):
        raise ActionRejected(words)
