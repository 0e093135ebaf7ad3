"""The page "Documents": everything to print of a fest, of a day or of a category, in one press for each kind."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from events.fest_choice import choice_of
from events.models import Category, Event, Fest
from techfest.core.admin.pages import staff_page
from techfest.core.db.clock import database_now
from techfest.core.formatting import short_day
from techfest.core.text_limits import LimitedText
from tickets.documents import jobs, overview, pages
from tickets.documents.batches import MAX_NAMES, PART
from tickets.documents.certificates import MAX_RANK
from tickets.documents.overview import PrintableEvent
from tickets.models import DocumentJob

Kind = DocumentJob.Kind
SHOWN = 20
"""Documents of the last day that the page lists."""


class RanksForm(LimitedText, forms.Form):
    max_rank = forms.IntegerField(
        label=gettext_lazy("Up to rank"),
        min_value=1,
        max_value=MAX_RANK,
        initial=3,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "size": "4", "autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("Enter up to which rank, like 3"),
            "invalid": gettext_lazy("Enter up to which rank, like 3"),
            "min_value": gettext_lazy("Enter a rank from 1 to 100"),
            "max_value": gettext_lazy("Enter a rank from 1 to 100"),
        },
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """A link that narrows the page: all, a day, or a category."""

    words: str
    query: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """The events that the page is about, the links to other choices, and words for the file's name."""

    events: Sequence[PrintableEvent]
    days: Sequence[Choice]
    categories: Sequence[Choice]
    about: Sequence[str]
    query: str

    @property
    def seats(self) -> int:
        return sum(event.seats for event in self.events)

    @property
    def waiting(self) -> int:
        return sum(event.waiting for event in self.events)

    @property
    def sheets(self) -> int:
        return sum(bool(event.seats or event.waiting) for event in self.events)


@require_http_methods(["GET", "HEAD", "POST"])
def everything(request: HttpRequest) -> HttpResponseBase:
    """Shows what can be printed in one press, with counts; each button orders one document."""
    user: Any = request.user
    if not user.has_perm("tickets.add_documentjob"):
        raise PermissionDenied
    fest, now = choice_of(request).main, database_now()
    seen = admin.site.get_model_admin(Event).get_queryset(request)
    scope = _scope(request, overview.printable_events(seen.filter(fest=fest)), fest)
    chosen = request.POST.get("print", "")
    form = RanksForm(request.POST if chosen == "rank" else None)
    if fest and chosen and (job := _order(request, fest, scope, chosen, form, now)):
        return redirect("admin:documents_progress", code=job.code)
    context = {
        "scope": scope,
        "participation": overview.participation(scope.events, now=now),
        "ranks": overview.ranks(scope.events, now=now),
        "ranks_form": form,
        "may_certify": user.has_perm("tickets.add_certificate"),
        "documents": _recent(user, seen, fest),
        "maximum": MAX_NAMES,
        "part": PART,
    }
    owner = admin.site.get_model_admin(DocumentJob)
    return staff_page(request, owner, "admin/documents/all.html", title=_("Documents"), **context)


def _scope(request: HttpRequest, events: Sequence[PrintableEvent], fest: Fest | None) -> Scope:
    day, category = request.GET.get("day", ""), request.GET.get("category", "")
    categories = list(Category.objects.filter(fest=fest).order_by("position", "name", "pk"))
    kind = next((one for one in categories if one.slug == category), None)
    days = sorted({event.date for event in events})
    date = next((one for one in days if one.isoformat() == day), None)
    wanted = {"day": date.isoformat() if date else "", "category": kind.slug if kind else ""}
    used = {event.category_id for event in events}
    return Scope(
        [
            event
            for event in events
            if (date is None or event.date == date) and (kind is None or event.category_id == kind.pk)
        ],
        _choices(wanted, "day", _("All days"), [(short_day(one), one.isoformat()) for one in days]),
        _choices(
            wanted,
            "category",
            _("All categories"),
            [(one.name, one.slug) for one in categories if one.pk in used],
        ),
        [one for one in wanted.values() if one],
        _query(wanted),
    )


def _choices(
    wanted: dict[str, str], name: str, words_of_all: str, values: list[tuple[str, str]]
) -> list[Choice]:
    """The links of one kind; none where there is nothing to choose."""
    if len(values) < 2:
        return []
    return [
        Choice(words, _query(wanted | {name: value}), wanted[name] == value)
        for words, value in [(words_of_all, ""), *values]
    ]


def _query(wanted: dict[str, str]) -> str:
    return "?" + urlencode({name: value for name, value in wanted.items() if value})


def _order(
    request: HttpRequest, fest: Fest, scope: Scope, chosen: str, form: RanksForm, now: dt.datetime
) -> DocumentJob | None:
    """Orders a document; returns None for an unknown kind, or if the form has to show an error.

    An order that is still being made is not made twice.
    """
    user: Any = request.user
    options: dict[str, Any] = {"about": list(scope.about)}
    if chosen in (Kind.ATTENDANCE, Kind.BADGES, Kind.ALL_TICKETS):
        kind = Kind(chosen)
        options["events"] = [event.pk for event in scope.events]
    elif chosen in ("participation", "rank"):
        kind = Kind.CERTIFICATES
        if not user.has_perm("tickets.add_certificate"):
            raise PermissionDenied
        if chosen == "rank" and not form.is_valid():
            return None
        options |= _certificate_options(request, scope, chosen, form, now)
    else:
        return None
    known = DocumentJob.objects.to_make().filter(
        fest=fest, kind=kind, event=None, school=None, requested_by=user
    )
    same = next((job for job in known if job.options | {"parts": 1} == options | {"parts": 1}), None)
    return same or jobs.order(kind=kind, fest=fest, user=user, options=options)


def _certificate_options(
    request: HttpRequest, scope: Scope, chosen: str, form: RanksForm, now: dt.datetime
) -> dict[str, Any]:
    if chosen == "rank":
        events = overview.ranks(scope.events, now=now).event_ids
        return {"kind": "rank", "max_rank": form.cleaned_data["max_rank"], "events": list(events)}
    found = overview.participation(scope.events, now=now)
    everybody = [event.pk for event in found.nobody_came] if request.POST.get("everybody") else []
    return {"kind": "participation", "everybody": everybody, "events": [*found.event_ids, *everybody]}


def _recent(user: Any, seen: Any, fest: Fest | None) -> Any:
    """Returns the latest documents about many events that the user may open."""
    if fest is None or not user.has_perm("tickets.view_documentjob"):
        return DocumentJob.objects.none()
    rows = pages.visible_to_organiser(user, seen).filter(fest=fest, event=None, school=None)
    return rows.select_related("requested_by").order_by("-created_at", "-pk")[:SHOWN]
