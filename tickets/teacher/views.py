"""The board itself: every student of the school at a glance."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from events.cache import snapshot
from registrations.models import Teacher
from registrations.teachers.access import teacher_required
from tickets.teacher.grid import grid_of
from tickets.teacher.messages import done_text


@teacher_required
@require_safe
def home(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """The school's students and events; without a fest or a student it says how to begin."""
    fest = snapshot().fest
    query = request.GET.copy()
    page, done = query.pop("page", None), query.pop("done", [""])
    context = {
        "teacher": teacher,
        "done": done_text(done[-1]),
        "grid": grid_of(teacher.school, fest, request.GET) if fest else None,
        "query": query.urlencode(),
        "is_later_page": page is not None,
    }
    return render(request, "teacher/home.html", context)
