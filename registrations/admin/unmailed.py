"""A list to print of students without an e-mail address, with the teachers of their schools."""

from dataclasses import dataclass, field

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from registrations.models import Registration, Teacher
from techfest.core.admin.base import ROW_ID, StaffAdmin
from techfest.core.admin.pages import staff_page

MAX_IDS = 20_000
"""More registrations than one event has; a form of the largest allowed size could name ten times as many."""
MAX_NEWS = 20
"""Changed values that the list repeats."""


@dataclass(frozen=True, slots=True)
class SchoolList:
    """The registrations of one school, and the names of its teachers."""

    name: str
    registrations: list[Registration] = field(default_factory=list)
    teachers: list[str] = field(default_factory=list)


def unmailed_page(admin: StaffAdmin, request: HttpRequest) -> HttpResponseBase:
    """Show those of the posted registrations that the user may see and whose students have no address."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    # One field for all ids: a request may have some hundred fields only.
    ids = " ".join(request.POST.getlist("unmailed")).split()
    if len(ids) > MAX_IDS or not all(ROW_ID.fullmatch(pk) for pk in ids):
        raise BadRequest("The id of a registration is not an integer, or there are too many.")
    rows = admin.get_queryset(request).filter(pk__in=ids, student__email="")
    rows = rows.select_related("student__school", "event")
    found: dict[int, SchoolList] = {}
    for row in rows.order_by("student__school__name", "student__grade", "student__name", "pk"):
        found.setdefault(row.student.school_id, SchoolList(row.student.school.name)).registrations.append(row)
    for teacher in Teacher.objects.with_access().filter(school__in=found).select_related("user").distinct():
        found[teacher.school_id].teachers.append(teacher.name)
    title = _("Students without an e-mail address")
    news = [line[:300] for line in request.POST.getlist("news")[:MAX_NEWS]]
    template = "admin/consequences/unmailed.html"
    return staff_page(request, admin, template, title=title, schools=found.values(), news=news)
