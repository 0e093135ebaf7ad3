"""What one person may see on the admin's first page: the rows of the tables' own pages, and nothing besides."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from events.fest_choice import of_shown_fest
from techfest.core.roles import is_owner


class Viewer:
    """Asks each table's page in the admin which rows it would show to this person, so that both always agree."""

    def __init__(self, request: HttpRequest, site: admin.AdminSite) -> None:
        self.request, self.site = request, site
        self.user: Any = request.user

    @property
    def is_owner(self) -> bool:
        return is_owner(self.user)

    def rows(self, model: type[Model]) -> QuerySet[Any] | None:
        """The rows that the person may see, in no order; `None` where the table itself is closed to them."""
        its_admin = self.site._registry.get(model)
        if its_admin is None or not its_admin.has_view_permission(self.request):
            return None
        rows = its_admin.get_queryset(self.request).order_by().select_related(None)
        return of_shown_fest(self.request, rows)

    def decides(self, model: type[Model]) -> bool:
        """Whether rows of this table are this person's to decide."""
        return bool(self.user.has_perm(f"{model._meta.app_label}.change_{model._meta.model_name}"))


def list_path(model: type[Model], **filters: Any) -> str:
    """The path of the table's list in the admin, filtered by these."""
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{path}?{urlencode(filters)}" if filters else path
