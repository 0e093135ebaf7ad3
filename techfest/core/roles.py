"""Roles in the admin and at check-in: the permissions of each role, and the rows it may see.

Each app declares a table of permissions (`permissions.py`), which is written to Django's groups after every migration.
Manual changes of these groups are reverted.
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
"""Roles whose users are staff and may open the admin."""
EVERYTHING = "view add change delete"


@dataclass(frozen=True, slots=True)
class Table:
    """The permissions of each role for the models of one app: verbs by role and model (`events.event`).

    `of_apps` are the app labels whose permissions this table decides exclusively.
    """

    of_apps: tuple[str, ...]
    verbs: Mapping[str, Mapping[str, str]]

    def of(self, role: str, model: str) -> frozenset[str]:
        return frozenset(self.verbs.get(role, {}).get(model, "").split())

    def codes(self, role: str) -> set[tuple[str, str]]:
        """The app label and codename of every permission of the role."""
        named = [(*name.split("."), verbs) for name, verbs in self.verbs.get(role, {}).items()]
        return {(label, f"{verb}_{model}") for label, model, verbs in named for verb in verbs.split()}


_tables: list[Table] = []


def declare(table: Table, app: AppConfig) -> None:
    """Register the table and apply it after each migration of the app; called from `AppConfig.ready`."""
    _tables.append(table)

    def migrated(apps: Any = apps, **kwargs: Any) -> None:
        try:
            apps.get_model("auth", "Group")
        except LookupError:  # a migration back to a state without accounts
            return
        grant(table)

    post_migrate.connect(migrated, sender=app, weak=False, dispatch_uid=f"roles of {app.label}")


def everything_of(label: str) -> dict[str, str]:
    """All permissions for all models of an app, for owners."""
    return {model._meta.label_lower: EVERYTHING for model in apps.get_app_config(label).get_models()}


def grant(table: Table) -> None:
    """Give each role's group exactly the permissions in the table for its apps. Idempotent."""
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
    """The names of the user's groups; at most one query per request."""
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
    """Whether the user may see and change everything. Superusers are owners."""
    return bool(user.is_active and user.is_superuser) or has_role(user, OWNER)


def owners() -> QuerySet[Any]:
    """The active accounts that are owners, the oldest first."""
    from django.contrib.auth import get_user_model

    named = Q(is_superuser=True) | Q(groups__name=OWNER)
    return get_user_model()._default_manager.filter(named, is_active=True).distinct().order_by("pk")


def owners_with_email() -> QuerySet[Any]:
    """Owners with an e-mail address."""
    return owners().exclude(email="")


def sees_all(user: Any, model: type[Model]) -> bool:
    """Whether the user may see rows of all events: owners may, and the results role for the models it works with.

    Event leads have more permissions for their own events, so if such a user also has the results role, models that
    the results role only reads are limited to these events.
    """
    if is_owner(user):
        return True
    if not has_role(user, RESULTS):
        return False
    results, lead = _verbs(RESULTS, model), _verbs(LEAD, model)
    return bool(results) and (lead <= results or not has_role(user, LEAD))


def seen_by(user: Any, rows: QuerySet[Any], *, event_lookup: str | None) -> QuerySet[Any]:
    """The rows that the user may see: all, those of events that he or she leads, or none.

    `event_lookup` is the lookup from a row to its event ("" if it is an event, None if it belongs to none). It may
    span to-many relations: the result has no duplicates and may be locked or updated.
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
