"""The pages of the door: choose a place, scan, read the verdict."""

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from events.clock import database_now
from events.models import Fest
from tickets.door.access import View, by_doorkeeper
from tickets.door.places import Place, counts_of, places_of
from tickets.keys import random_key

__all__ = ["View", "home", "place", "scan", "search", "verdict"]


@by_doorkeeper
@require_safe
def home(request: HttpRequest, fest: Fest) -> HttpResponse:
    """Every gate and event that this person may open."""
    return render(request, "door/home.html", {"places": places_of(request.user, fest)})


@by_doorkeeper
@require_safe
def place(request: HttpRequest, place: Place) -> HttpResponse:
    """Ready for the next ticket."""
    return render(request, "door/place.html", context_of(place))


@by_doorkeeper
@require_POST
def scan(request: HttpRequest, place: Place) -> HttpResponse:
    raise Http404


@by_doorkeeper
@require_safe
def verdict(request: HttpRequest, place: Place, nonce: uuid.UUID) -> HttpResponse:
    raise Http404


@by_doorkeeper
@require_safe
def search(request: HttpRequest, place: Place) -> HttpResponse:
    raise Http404


def context_of(place: Place, **more: Any) -> dict[str, Any]:
    """What every page of a place shows: its name, the counts, and a form for the next scan."""
    urls = {name: place.url(name) for name in ("place", "scan", "search")}
    return {
        "place": place,
        "urls": urls,
        "nonce": random_key(),
        "counts": counts_of(place, database_now()),
        **more,
    }
