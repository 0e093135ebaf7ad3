"""The public pages of results."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from events.cache import CachedFest, cached_fest
from events.models import Event
from registrations.models import ResultSheet
from registrations.results.publish import PER_PAGE, published, result_lines


@require_safe
@cache_control(public=True, max_age=5)
def overview(request: HttpRequest) -> HttpResponse:
    """List the events with public results, ordered by start."""
    current = cached_fest()
    key = ("results", request.LANGUAGE_CODE)
    return HttpResponse(current.pages.get_or_render(key, lambda: _overview_page(current, request)))


@require_safe
@cache_control(public=True, max_age=5)
def results(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the results of one event; unpublished results and unknown events are both 404."""
    current = cached_fest()
    event = current.event(slug)
    sheet = published(current).get(event.pk) if event else None
    if event is None or sheet is None:
        raise Http404
    number = _page_number(request, sheet)
    key = ("results", request.LANGUAGE_CODE, slug, number)
    return HttpResponse(
        current.pages.get_or_render(key, lambda: _results_page(event, sheet, number, request))
    )


def _page_number(request: HttpRequest, sheet: ResultSheet) -> int:
    """Return the requested page number; 404 if there is no such page."""
    page = request.GET.get("page", "1")
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 5 else 0
    last = max(1, -(-sheet.count // PER_PAGE))  # type: ignore[attr-defined]  # annotated by `published`
    if not 1 <= number <= last:
        raise Http404
    return number


def _overview_page(current: CachedFest, request: HttpRequest) -> str:
    sheets = published(current)
    events = [event for event in current.events if event.pk in sheets]
    context = {"events": events, "canonical_url": settings.SITE_URL + reverse("results:overview")}
    return render_to_string("results/overview.html", context, request)


def _results_page(event: Event, sheet: ResultSheet, number: int, request: HttpRequest) -> str:
    count = sheet.count  # type: ignore[attr-defined]  # annotated by `published`
    rows = result_lines(event, sheet, number)
    path = reverse("results:event", args=[event.slug])
    context = {
        "event": event,
        "result_lines": rows,
        "with_names": sheet.names != ResultSheet.Names.NONE,
        "with_points": any(row.points for row in rows),
        "page": Paginator(range(count), PER_PAGE).page(number) if count > PER_PAGE else None,
        "canonical_url": settings.SITE_URL + path,
        "description": _("Who came first, second and third at %(event)s.") % {"event": event.name},
    }
    return render_to_string("results/event.html", context, request)
