"""Who may do what at the desk and at the door: the roles, what each may do in a room, and which rows it sees.

Each room has a table of its own (`permissions.py`); after every migration it becomes the permissions of Django's
groups. The groups are nobody's to change by hand: what does not stand in a table is taken away again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig, apps
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.db.models.signals import post_migrate

OWNER = "owner"
LEAD = "event lead"
RESULTS = "results"
VOLUNTEER = "volunteer"
ROLES = (OWNER, LEAD, RESULTS, VOLUNTEER)
ADMIN_ROLES = frozenset({OWNER, LEAD, RESULTS})
"""Whoever has one of these is staff: the desk opens for them."""
EVERYTHING = "view add change delete"


@dataclass(frozen=True, slots=True)
class Table:
    """What each role may do with the rows of one room: the verbs, by role and model (`events.event`).

    `of_apps` are the apps whose permissions this table decides, and no other table.
    """

    of_apps: tuple[str, ...]
    verbs: Mapping[str, Mapping[str, str]]

    def of(self, role: str, model: str) -> frozenset[str]:
        return frozenset(self.verbs.get(role, {}).get(model, "").split())

    def codes(self, role: str) -> set[tuple[str, str]]:
        """App and code name of every permission of the role."""
        named = [(*name.split("."), verbs) for name, verbs in self.verbs.get(role, {}).items()]
        return {(label, f"{verb}_{model}") for label, model, verbs in named for verb in verbs.split()}


_tables: list[Table] = []


def declare(table: Table, app: AppConfig) -> None:
    """Makes the table known and grants it whenever the room was migrated; each room calls it when it is ready."""
    _tables.append(table)

    def migrated(apps: Any = apps, **kwargs: Any) -> None:
        try:
            apps.get_model("auth", "Group")
        except LookupError:  # a migration to the time before there were accounts
            return
        grant(table)

    post_migrate.connect(migrated, sender=app, weak=False, dispatch_uid=f"roles of {app.label}")


def everything_of(label: str) -> dict[str, str]:
    """Every verb for every model of a room, for who owns the fest."""
    return {model._meta.label_lower: EVERYTHING for model in apps.get_app_config(label).get_models()}


def grant(table: Table) -> None:
    """Gives the groups of all roles exactly what the table says of its apps; running it again changes nothing."""
    from django.contrib.auth.models import Group, Permission

    given = Group.permissions.through.objects
    rows = Permission.objects.filter(content_type__app_label__in=table.of_apps)
    known = {
        (label, code): pk for pk, label, code in rows.values_list("pk", "content_type__app_label", "codename")
    }
    with transaction.atomic():
        Group.objects.bulk_create([Group(name=name) for name in ROLES], ignore_conflicts=True)
        groups = dict(Group.objects.filter(name__in=ROLES).values_list("name", "pk"))
        wanted = {(groups[role], known[code]) for role in ROLES for code in table.codes(role) & known.keys()}
        have = given.filter(group__in=groups.values(), permission__in=known.values())
        had = {(row.group_id, row.permission_id): row.pk for row in have}
        given.filter(pk__in=[pk for pair, pk in had.items() if pair not in wanted]).delete()
        given.bulk_create(
            [given.model(group_id=group, permission_id=pk) for group, pk in sorted(wanted - had.keys())],
            ignore_conflicts=True,
        )


def roles_of(user: Any) -> frozenset[str]:
    """The names of the user's groups; one query for a request."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if not hasattr(user, "_role_names"):
        user._role_names = frozenset(user.groups.values_list("name", flat=True))
    names: frozenset[str] = user._role_names
    return names


def has_role(user: Any, role: str) -> bool:
    """Whether the user is in the role's group."""
    return role in roles_of(user)


def is_owner(user: Any) -> bool:
    """Owners see and change everything of the fest. A superuser is one."""
    return bool(user.is_active and user.is_superuser) or has_role(user, OWNER)


def owners() -> QuerySet[Any]:
    """The active accounts for which `is_owner` holds, each once, the oldest first."""
    from django.contrib.auth import get_user_model

    named = Q(is_superuser=True) | Q(groups__name=OWNER)
    return get_user_model()._default_manager.filter(named, is_active=True).distinct().order_by("pk")


def owners_with_email() -> QuerySet[Any]:
    """Of the owners those whom a mail can reach."""
    return owners().exclude(email="")


def sees_all(user: Any, model: type[Model]) -> bool:
    """Whether rows of every event are this user's to see: an owner's, and what the results role works with.

    Somebody who also leads events may do more there than read, so a row that the results role only reads is
    seen in the own events only.
    """
    if is_owner(user):
        return True
    if not has_role(user, RESULTS):
        return False
    results, lead = _verbs(RESULTS, model), _verbs(LEAD, model)
    return bool(results) and (lead <= results or not has_role(user, LEAD))


def seen_by(user: Any, rows: QuerySet[Any], *, event_lookup: str | None) -> QuerySet[Any]:
    """Of these rows what the user may see at all: all of them, those of led events, or none.

    `event_lookup` is the way from a row to its event ("" where it is the event, None where there is none). It
    may lead over many rows: no row of the answer is there twice, and the answer may be locked or updated.
    """
    if sees_all(user, rows.model):
        return rows
    if event_lookup is None or not has_role(user, LEAD):
        return rows.none()
    path = f"{event_lookup}__leads" if event_lookup else "leads"
    own = rows.model._default_manager.filter(**{path: user.pk}).order_by()
    return rows.filter(pk__in=own.values("pk"))


def _verbs(role: str, model: type[Model]) -> frozenset[str]:
    return frozenset().union(*(table.of(role, model._meta.label_lower) for table in _tables))
