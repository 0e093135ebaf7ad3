"""The fest that admin pages show: the current one, or the one the user selected at the top of a page."""

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
"""More digits than any primary key has."""
_EXACT = frozenset(("exact", "in", "pk", "id"))


@dataclass(frozen=True, slots=True)
class FestChoice:
    """All fests, the newest first, and the shown one; None if all fests are shown or none exists."""

    fests: tuple[Fest, ...]
    shown: Fest | None

    @property
    def is_offered(self) -> bool:
        return len(self.fests) > 1

    @property
    def limit(self) -> Fest | None:
        """The fest that lists are limited to; None if there is only one fest."""
        return self.shown if self.is_offered else None

    @property
    def main(self) -> Fest | None:
        """The fest of pages that show exactly one: the chosen fest, else the current one."""
        return self.shown or next((fest for fest in self.fests if fest.is_current), None)


def choice_of(request: HttpRequest) -> FestChoice:
    """The choice for this request, read from the database once per request and never cached in the process."""
    known = getattr(request, "_fest_choice", None)
    if known is None:
        known = _read(request)
        show(request, known)
    return cast("FestChoice", known)


def show(request: HttpRequest, choice: FestChoice) -> None:
    """Use this choice, and the time zone of its fest, for the rest of the request; the middleware resets the zone."""
    if choice.main:
        timezone.activate(choice.main.zone)
    request._fest_choice = choice  # type: ignore[attr-defined]  # read by choice_of


def show_fest(request: HttpRequest, fest: Fest) -> None:
    """Show one fest for the rest of the request, such as the fest of the row on this page."""
    show(request, FestChoice(choice_of(request).fests, fest))


def fest_of_form(request: HttpRequest) -> Fest | None:
    """The fest in the form's `fest` field, even if another tab has switched fests since; else the main one."""
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
    """Store the choice in the session; ids of no fest are ignored."""
    if wanted == ALL:
        request.session[SESSION_KEY] = ALL
    elif wanted.isdecimal() and Fest.objects.filter(pk=int(wanted[:18])).exists():
        request.session[SESSION_KEY] = int(wanted)


def fest_paths(model: type[Model]) -> tuple[str, ...]:
    """The lookups from a row of this model to its fest: one that is never null, or else all nullable ones.

    Empty for models that belong to no fest, such as schools and accounts, and for fests themselves.
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
    """The lookups through each foreign key, and whether they may be null; one that is never null suffices."""
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
    """Sort key: lookups that are never null first, then short ones."""
    return lookup[1], lookup[0].count(LOOKUP_SEP), lookup[0]


def of_shown_fest(request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Of these rows, those of the fest that the request shows and those that belong to no fest."""
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
    """Conditions for rows that belong to the fest by this path, and for rows whose path is null.

    They are subqueries, because joining all tables of many paths would make lists of mails slow.
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
    """The fest that a list's query string names, directly or by a row such as an event; None if it names none."""
    for lookup, value in asked.items():
        related = _exact_lookup(model, lookup)
        ids = value.split(",")
        if related is None or not all(one.isdecimal() and len(one) < 19 for one in ids):
            continue
        if fest := fest_of_rows(related, ids):
            return fest
    return None


def fest_of_rows(model: type[Model], ids: Any) -> Fest | None:
    """The fest of these rows if all have the same one, else None."""
    if model is Fest:
        fest_ids = set(ids)
    else:
        rows = model._default_manager.filter(pk__in=ids).order_by()
        fest_ids = {pk for path in fest_paths(model) for pk in rows.values_list(path, flat=True).distinct()}
    found = list(Fest.objects.filter(pk__in=fest_ids - {None}))
    return found[0] if len(found) == 1 else None


def _exact_lookup(model: type[Model], lookup: str) -> Any:
    """The model whose primary keys the lookup takes, if its rows belong to a fest."""
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
    """The fest of one row, or None."""
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
