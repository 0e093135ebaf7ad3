"""What the user may see on the dashboard: the rows that the lists of the admin show."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from events.fest_choice import of_shown_fest
from techfest.core.roles import is_owner


class Viewer:
    """The signed-in user; each admin class decides which of its rows they see."""

    def __init__(self, request: HttpRequest, site: admin.AdminSite) -> None:
        self.request, self.site = request, site
        self.user: Any = request.user

    @property
    def is_owner(self) -> bool:
        return is_owner(self.user)

    def rows(self, model: type[Model]) -> QuerySet[Any] | None:
        """Return the rows that the user may see, unordered; `None` if the user may not see the table."""
        its_admin = self.site._registry.get(model)
        if its_admin is None or not its_admin.has_view_permission(self.request):
            return None
        rows = its_admin.get_queryset(self.request).order_by().select_related(None)
        return of_shown_fest(self.request, rows)

    def decides(self, model: type[Model]) -> bool:
        """Whether the user may change rows of this table."""
        return bool(self.user.has_perm(f"{model._meta.app_label}.change_{model._meta.model_name}"))


def list_path(model: type[Model], **filters: Any) -> str:
    """Return the path of the model's list in the admin with these filters."""
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{path}?{urlencode(filters)}" if filters else path
