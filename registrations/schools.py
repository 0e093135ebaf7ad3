"""The schools that forms propose and recognise."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from registrations.models import School, SchoolAlias
from registrations.students.names import school_key
from techfest.core import audit_log
from techfest.core.db.clock import database_now
from techfest.core.db.folding import in_dictionary_order
from techfest.core.db.locking import forget_on_missing_row
from techfest.core.ttl_cache import CachedValue

LIFETIME = 5.0
"""Seconds for which a process caches the schools."""


@dataclass(frozen=True, slots=True)
class _Schools:
    names: list[str]
    by_key: dict[str, School]


def _read() -> _Schools:
    accepted = {
        school.pk: school for school in School.objects.accepted().order_by(*in_dictionary_order("name"))
    }
    by_key = {school.key: school for school in accepted.values()}
    for alias in SchoolAlias.objects.filter(school__in=accepted):
        by_key[alias.key] = accepted[alias.school_id]
    return _Schools([school.name for school in accepted.values()], by_key)


_cache = CachedValue(_read, lifetime=LIFETIME)
forget_on_missing_row(_cache.forget)


def school_names() -> list[str]:
    """The names of the accepted schools, at most a few seconds old."""
    return _cache.get().names


def find_or_create_school(name: str) -> School:
    """The school with this name or alias; an unknown one is inserted as pending. Locks no existing row.

    A pending one that was found is cached as accepted ones are, since a whole school registers in the same minute.
    """
    key, known = school_key(name), _cache.get().by_key
    if key in known:
        return known[key]
    found = School.objects.filter(key=key).first() or School.objects.filter(aliases__key=key).first()
    if found is None:
        # Not cached: it is gone if this transaction is rolled back.
        School.objects.bulk_create([School(name=name, key=key)], ignore_conflicts=True)
        return School.objects.get(key=key)
    known[key] = found
    return found


@transaction.atomic
def accept(rows: QuerySet[School], *, user: Any) -> int:
    """Accepts the pending ones of these schools and returns their number. Locks them in primary-key order."""
    pending = rows.filter(state=School.State.PENDING).order_by("pk")
    schools = list(pending.select_for_update(no_key=True, of=("self",)))
    School.objects.filter(pk__in=[school.pk for school in schools]).update(state=School.State.ACCEPTED)
    before, after = {"state": School.State.PENDING.value}, {"state": School.State.ACCEPTED.value}
    now = database_now()
    for school in schools:
        audit_log.record(school, what="accepted", now=now, user=user, before=before, after=after)
    transaction.on_commit(forget)
    return len(schools)


def forget() -> None:
    """Clears the cache of this process."""
    _cache.forget()


def school_named(key: str) -> School | None:
    """Return the school that has this key as its name or alias."""
    alias = SchoolAlias.objects.select_related("school").filter(key=key).first()
    return School.objects.filter(key=key).first() or (alias.school if alias else None)
