"""The public pages: the catalogue, an event, and pictures."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from events import covers
from events.availability import Availability
from events.cache import CachedFest, cached_fest
from events.caps import rules_of
from events.catalogue import by_day, next_opening
from events.forms import FilterForm
from events.models import Event, Picture


@require_safe
@cache_control(public=True, max_age=5)
def catalogue(request: HttpRequest) -> HttpResponse:
    current = cached_fest()
    form = FilterForm(request.GET, cached=current)
    if request.GET.get("name"):  # any text would be a page to keep
        return HttpResponse(_catalogue_page(current, form, request))
    key = ("catalogue", request.LANGUAGE_CODE, form.catalogue_filter)
    return HttpResponse(current.pages.get_or_render(key, lambda: _catalogue_page(current, form, request)))


@require_safe
@cache_control(public=True, max_age=5)
def event(request: HttpRequest, slug: str) -> HttpResponse:
    current = cached_fest()
    shown = current.event(slug)
    if shown is None:
        raise Http404
    grade = chosen_grade(request, current)
    key = ("event", request.LANGUAGE_CODE, slug, grade)
    return HttpResponse(current.pages.get_or_render(key, lambda: _event_page(current, shown, grade, request)))


@require_safe
@cache_control(public=True, max_age=31_536_000, immutable=True)
def picture(request: HttpRequest, digest: str, kind: str) -> HttpResponse:
    found = get_object_or_404(Picture, digest=digest, kind=kind)
    return HttpResponse(bytes(found.data), content_type=f"image/{found.kind}")


def _catalogue_page(current: CachedFest, form: FilterForm, request: HttpRequest) -> str:
    days = by_day(current, form.catalogue_filter)
    context = {
        "days": days,
        "filters": form,
        "count": sum(len(group) for _day, group in days),
        "next_opening": next_opening(current),
        "server_now": current.now,
        "canonical_url": settings.SITE_URL + reverse("events:catalogue"),
    }
    return render_to_string("events/catalogue.html", context, request)


def chosen_grade(request: HttpRequest, current: CachedFest) -> int | None:
    """The grade in the address, if it is one of the fest."""
    asked = request.GET.get("grade", "")
    return next(
        (grade for grade in (current.fest.grades if current.fest else ()) if str(grade) == asked), None
    )


def _with_grade(url: str, grade: int | None) -> str:
    if grade is None:
        return url
    return f"{url}{'&' if '?' in url else '?'}grade={grade}"


def _event_page(current: CachedFest, shown: Event, grade: int | None, request: HttpRequest) -> str:
    availability = Availability(shown, current.now)
    url = settings.SITE_URL + shown.get_absolute_url()
    context = {
        "event": shown,
        "state": availability.state,
        "availability": availability,
        "button_text": availability.button_text,
        "register_url": _with_grade(f"{reverse('registrations:register')}?event={shown.slug}", grade),
        "catalogue_url": _with_grade(reverse("events:catalogue"), grade),
        "tone": covers.tone(shown),
        "cover": covers.cover(shown),
        "waiting": shown.seats.waiting,
        "opens_at": shown.registration_opens_at,
        "closes_at": shown.registration_closes_at,
        "limits": rules_of(shown),
        "canonical_url": url,
        "share_text": _("%(event)s at %(fest)s: %(url)s")
        % {"event": shown.name, "fest": shown.fest.name, "url": url},
    }
    if shown.picture_id:
        context["og_image_url"] = settings.SITE_URL + reverse(
            "events:picture", args=[shown.picture_id, "jpeg"]
        )
    return render_to_string("events/event.html", context, request)
