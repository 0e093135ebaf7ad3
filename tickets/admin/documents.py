"""Documents made by workers, certificates, and links to school lists in the admin."""

from django.contrib import admin
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin_base import RecordAdmin
from tickets.documents import admin_views
from tickets.models import Certificate, Delegation, DocumentJob


@admin.register(Delegation)
class DelegationAdmin(RecordAdmin):
    """The code is not shown: it opens the school's list at the door."""

    list_display = ("school", "fest")
    list_select_related = ("school", "fest")
    list_filter = ("fest",)
    search_fields = ("school__name",)
    fields = ("school", "fest")
    ordering = ("school__name", "pk")


@admin.register(DocumentJob)
class DocumentJobAdmin(RecordAdmin):
    """Ordered documents with their progress; files are kept for a day. Those about a school are for owners.

    The code is not shown: it names a file with the tickets of a whole school.
    """

    list_display = ("kind", "event", "school", "state", "requested_by", "created_at")
    event_lookup = "event"
    list_select_related = ("event", "school", "requested_by")
    list_filter = ("kind", ("finished_at", admin.EmptyFieldListFilter))
    search_fields = ("event__name", "school__name", "error")
    fields = (
        "fest",
        "kind",
        "event",
        "school",
        "requested_by",
        "made",
        "total",
        "attempts",
        "finished_at",
        "error",
    )
    ordering = ("-created_at", "-pk")

    def get_urls(self) -> list[URLPattern]:
        return [*admin_views.paths(self.admin_site), *super().get_urls()]

    @admin.display(description=gettext_lazy("state"))
    def state(self, obj: DocumentJob) -> str:
        """Return the state as a link to the page with the progress and the download."""
        if obj.is_ready:
            words = _("ready")
        elif obj.problem:
            words = _("failed")
        else:
            words = _("%(made)d of %(total)d") % {"made": obj.made, "total": obj.total}
        return format_html('<a href="{}">{}</a>', reverse("admin:documents_progress", args=[obj.code]), words)


@admin.register(Certificate)
class CertificateAdmin(RecordAdmin):
    event_lookup = "registration__event"
    list_display = ("registration", "kind", "rank", "issued_at", "revoked_at")
    list_select_related = ("registration__student", "registration__event")
    list_filter = ("kind", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("student__name", "student__reference", "registration__event__name")
    fields = ("registration", "student", "kind", "rank", "issued_at", "revoked_at")
    ordering = ("-issued_at", "-pk")
