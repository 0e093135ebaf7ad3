"""The button "Download this list": the list as it is filtered, searched and ordered, as a file."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.timezone import get_current_timezone
from django.views.decorators.http import require_safe

from events import audit_log
from techfest.core.admin.export.columns import Column, table
from techfest.core.admin.export.files import MIME, csv_pieces, xlsx_file
from techfest.core.db.clock import database_now
from techfest.core.roles import is_owner

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = object


class DownloadableList(_ModelAdmin):
    """What a ModelAdmin needs so that its list can be downloaded: `export_columns`, and nothing else."""

    export_columns: Sequence[Column] = ()

    def get_urls(self) -> list[URLPattern]:
        view = require_safe(self.admin_site.admin_view(self.download_view))
        name = f"{self.opts.app_label}_{self.opts.model_name}_download"
        route = [path(f"download.{kind}", view, {"kind": kind}, name=f"{name}_{kind}") for kind in MIME]
        return [*(route if self.export_columns else []), *super().get_urls()]

    def columns_for(self, request: HttpRequest) -> list[Column]:
        """The columns that this person may take away."""
        return [
            column for column in self.export_columns if is_owner(request.user) or not column.is_owners_only
        ]

    def download_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """The whole list and no other rows than the list shows; who took it away is in the trail."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            listed = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return redirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))
        columns = self.columns_for(request)
        if request.method == "GET":
            self._note(request, kind, listed.result_count)
        taken = table(listed.queryset, columns, zone=get_current_timezone())
        return answer(taken, kind, name=f"{self.opts.model_name}s-{database_now():%Y-%m-%d}.{kind}")

    def _note(self, request: HttpRequest, kind: str, count: int) -> None:
        """Which list, by which filters and how many rows; not what was searched for, which may be a name."""
        asked = sorted(name for name in request.GET if request.GET[name])
        details = {"list": self.opts.label_lower, "kind": kind, "rows": count, "filters": asked}
        user: Any = request.user
        audit_log.record(user, what="exported", now=database_now(), user=user, after=details)


def answer(taken: Any, kind: str, *, name: str) -> HttpResponseBase:
    """The file as it grows, or a finished one from the disk; nobody keeps it on the way. `name` is ours."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store, private"}
    if kind == "csv":
        return StreamingHttpResponse(csv_pieces(taken), content_type=MIME[kind], headers=headers)
    return FileResponse(xlsx_file(taken), content_type=MIME[kind], headers=headers)
