"""Admin lists and choices in dictionary order, without a word of it in the admin classes."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import CharField, Field, Model
from django.db.models.constants import LOOKUP_SEP

from techfest.core.db.folding import in_dictionary_order
from techfest.core.search import related_model

NAMES = frozenset({"name", "title", "first_name", "last_name", "username", "subject", "place"})
"""Columns with words of people. Addresses and codes are sorted as they are."""


def dictionary_order(
    model: type[Model], ordering: Iterable[Any], *, by_name: bool = False
) -> tuple[Any, ...]:
    """The ordering with its names in dictionary order; `by_name` also sorts by the names of related rows.

    Lists group rows by a related row as well; only a column that a user sorts by is about its name.
    """
    return tuple(term for one in ordering for term in _terms(model, one, by_name=by_name))


def _terms(model: type[Model], one: Any, *, by_name: bool) -> Iterator[Any]:
    if not isinstance(one, str):
        yield one
        return
    sign, path = ("-", one[1:]) if one.startswith("-") else ("", one)
    last = path.split(LOOKUP_SEP)[-1]
    if by_name and (related := related_model(model, path)) and _has_name(related):
        path, last = f"{path}{LOOKUP_SEP}name", "name"
    if last in NAMES:
        yield from (f"{sign}{term}" for term in in_dictionary_order(path))
    else:
        yield one


def _has_name(model: type[Model]) -> bool:
    fields: dict[str, Field[Any, Any]] = {field.name: field for field in model._meta.concrete_fields}
    return isinstance(fields.get("name"), CharField)
