"""Which fest the admin shows: the current one, or the one that its reader has chosen above every page."""

from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from django.apps import apps
from django.contrib.admin.utils import NotRelationField, get_fields_from_path
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest
from django.utils import timezone

from events.models import Fest

SESSION_KEY = "shown_fest"
ALL = "all"
MAX_STEPS = 4
MAX_DIGITS = 19
"""Primary keys are shorter."""
_EXACT = frozenset(("exact", "in", "pk", "id"))


@dataclass(frozen=True, slots=True)
class FestChoice:
    """All fests, the newest first, and the one that is shown; `None` while all are, or there is none."""

    fests: tuple[Fest, ...]
    shown: Fest | None

    @property
    def is_offered(self) -> bool:
        return len(self.fests) > 1

    @property
    def limit(self) -> Fest | None:
        """The fest to which lists are limited: none as long as there is only one."""
        return self.shown if self.is_offered else None

    @property
    def main(self) -> Fest | None:
        """The fest that a page is about which shows one only: the chosen one, else the current one."""
        return self.shown or next((fest for fest in self.fests if fest.is_current), None)


def choice_of(request: HttpRequest) -> FestChoice:
    """What this request shows, from the database and never from what a process remembers; one query a request."""
    known = getattr(request, "_fest_choice", None)
    if known is None:
        known = _read(request)
        show(request, known)
    return cast("FestChoice", known)


def show(request: HttpRequest, choice: FestChoice) -> None:
    """Makes the rest of this request show this choice, in the zone of its fest; the middleware ends that."""
    if choice.main:
        timezone.activate(choice.main.zone)
    request._fest_choice = choice  # type: ignore[attr-defined]  # read by choice_of


def show_fest(request: HttpRequest, fest: Fest) -> None:
    """Makes the rest of this request show one fest, such as that of the row whose page it is."""
    show(request, FestChoice(choice_of(request).fests, fest))


def fest_of_form(request: HttpRequest) -> Fest | None:
    """The fest that a form was opened for and names as `fest`, whatever another tab shows by now; else the main one."""
    named = request.POST.get("fest", "")
    if named.isdecimal() and len(named) < MAX_DIGITS and (found := Fest.objects.filter(pk=named).first()):
        show_fest(request, found)
    return choice_of(request).main


def _read(request: HttpRequest) -> FestChoice:
    fests = tuple(Fest.objects.defer("privacy_text").order_by("-starts_on", "-pk"))
    session: Any = getattr(request, "session", None)
    wanted = session.get(SESSION_KEY) if session is not None else None
    if wanted == ALL:
        return FestChoice(fests, None)
    chosen = next((fest for fest in fests if fest.pk == wanted), None)
    return FestChoice(fests, chosen or next((fest for fest in fests if fest.is_current), None))


def choose(request: HttpRequest, wanted: str) -> None:
    """Keeps the choice in the session until it ends; what is no fest leaves it as it is."""
    if wanted == ALL:
        request.session[SESSION_KEY] = ALL
    elif wanted.isdecimal() and Fest.objects.filter(pk=int(wanted[:18])).exists():
        request.session[SESSION_KEY] = int(wanted)


def fest_paths(model: type[Model]) -> tuple[str, ...]:
    """The lookups that lead from a row of this model to its fest: one that is always there, or all that may be.

    Empty for what belongs to no fest, such as schools and accounts, and for fests themselves.
    """
    return _fest_paths(model._meta.label)


@cache
def _fest_paths(label: str) -> tuple[str, ...]:
    model = apps.get_model(label)
    if model._meta.concrete_model is Fest:
        return ()
    found = sorted(_paths(model, MAX_STEPS), key=_by_use)
    if found and not found[0][1]:
        return (found[0][0],)
    return tuple(path for path, _is_optional in found)


def _paths(model: type[Model], steps: int) -> list[tuple[str, bool]]:
    """The ways over each foreign key, and whether a row may lack it; one that is always there makes others needless."""
    found = []
    for field in model._meta.concrete_fields:
        related: Any = field.related_model
        if related is Fest:
            found.append((field.name, bool(field.null)))
        elif related is not None and related is not model and steps > 1:
            lookups = sorted(_paths(related, steps - 1), key=_by_use)
            lookups = lookups[:1] if lookups and not lookups[0][1] else lookups
            found += [
                (f"{field.name}{LOOKUP_SEP}{path}", bool(field.null) or may_lack)
                for path, may_lack in lookups
            ]
    return found


def _by_use(lookup: tuple[str, bool]) -> tuple[bool, int, str]:
    """Ways that are always there come first, then short ones."""
    return lookup[1], lookup[0].count(LOOKUP_SEP), lookup[0]


def of_shown_fest(request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Of these rows those of the fest that the request shows, and those that belong to none."""
    fest, paths = choice_of(request).limit, fest_paths(rows.model)
    if fest is None or not paths:
        return rows
    if len(paths) == 1:
        return rows.filter(**{paths[0]: fest})
    of_fest, of_none = Q(), Q()
    for path in paths:
        belongs, lacks = _by_subquery(rows.model, path, fest)
        of_fest |= belongs
        of_none &= lacks
    return rows.filter(of_fest | of_none)


def _by_subquery(model: type[Model], path: str, fest: Fest) -> tuple[Q, Q]:
    """Conditions for rows that belong to the fest by this path, and for rows that it leads to none.

    Each looks at the row's own keys first. A join for each of many paths would read every table along all of them
    for each list of mails.
    """
    first, _sep, rest = path.partition(LOOKUP_SEP)
    related: Any = model._meta.get_field(first).related_model
    if not rest:
        return Q(**{first: fest}), Q(**{f"{first}__isnull": True})
    next_row = related._base_manager.filter(pk=OuterRef(f"{first}_id")).order_by()
    belongs = Q(Exists(next_row.filter(**{rest: fest})))
    if any(getattr(step, "null", False) for step in get_fields_from_path(related, rest)):
        return belongs, ~Q(Exists(next_row.filter(**{f"{rest}__isnull": False})))
    return belongs, Q(**{f"{first}__isnull": True})


def requested_fest(model: type[Model], asked: Any) -> Fest | None:
    """The one fest that a list's address names, itself or by a row of it such as an event; `None` where it does not."""
    for lookup, value in asked.items():
        related = _exact_lookup(model, lookup)
        ids = value.split(",")
        if related is None or not all(one.isdecimal() and len(one) < 19 for one in ids):
            continue
        if fest := fest_of_rows(related, ids):
            return fest
    return None


def fest_of_rows(model: type[Model], ids: Any) -> Fest | None:
    """The fest of all these rows, where they have the same one."""
    if model is Fest:
        fest_ids = set(ids)
    else:
        rows = model._default_manager.filter(pk__in=ids).order_by()
        fest_ids = {pk for path in fest_paths(model) for pk in rows.values_list(path, flat=True).distinct()}
    found = list(Fest.objects.filter(pk__in=fest_ids - {None}))
    return found[0] if len(found) == 1 else None


def _exact_lookup(model: type[Model], lookup: str) -> Any:
    """The model of which a lookup names rows by their number, where they belong to a fest."""
    words = lookup.split(LOOKUP_SEP)
    while words and words[-1] in _EXACT:
        words.pop()
    related: Any = model
    if words:
        try:
            related = get_fields_from_path(model, LOOKUP_SEP.join(words))[-1].related_model
        except (FieldDoesNotExist, NotRelationField):
            return None
    return related if related and (related is Fest or fest_paths(related)) else None


def fest_of(row: Model) -> Fest | None:
    """The fest of one row, where it has one."""
    if isinstance(row, Fest):
        return row
    for path in fest_paths(type(row)):
        found: Any = row
        for name in path.split(LOOKUP_SEP):
            found = getattr(found, name, None)
            if found is None:
                break
        if found is not None:
            return cast("Fest", found)
    return None
