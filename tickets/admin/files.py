"""Files that workers make, and codes that open lists, at the desk."""

from django.contrib import admin

from events.desk import RecordAdmin
from tickets.models import Booklet, Certificate, Delegation, Printout


@admin.register(Booklet)
class BookletAdmin(RecordAdmin):
    """Its code is not shown: it names a file with the tickets of a whole school."""

    list_display = ("school", "asked_by", "per_page", "made", "total", "created_at", "finished_at", "error")
    list_select_related = ("school", "asked_by")
    list_filter = (("finished_at", admin.EmptyFieldListFilter), "per_page")
    search_fields = ("school__name", "asked_by__username", "error")
    fields = ("fest", "school", "asked_by", "per_page", "made", "total", "attempts", "finished_at", "error")
    ordering = ("-created_at", "-pk")


@admin.register(Delegation)
class DelegationAdmin(RecordAdmin):
    """Its code is not shown: it opens the school's list at the door."""

    list_display = ("school", "fest")
    list_select_related = ("school", "fest")
    list_filter = ("fest",)
    search_fields = ("school__name",)
    fields = ("school", "fest")
    ordering = ("school__name", "pk")


@admin.register(Printout)
class PrintoutAdmin(RecordAdmin):
    """Its code is not shown: it names a file with many names."""

    led_through = "event"
    list_display = (
        "kind",
        "event",
        "school",
        "asked_by",
        "made",
        "total",
        "created_at",
        "finished_at",
        "error",
    )
    list_select_related = ("event", "school", "asked_by")
    list_filter = ("kind", ("finished_at", admin.EmptyFieldListFilter))
    search_fields = ("event__name", "school__name", "error")
    fields = (
        "fest",
        "kind",
        "event",
        "school",
        "asked_by",
        "made",
        "total",
        "attempts",
        "finished_at",
        "error",
    )
    ordering = ("-created_at", "-pk")


@admin.register(Certificate)
class CertificateAdmin(RecordAdmin):
    led_through = "registration__event"
    list_display = ("registration", "kind", "rank", "issued_at", "revoked_at")
    list_select_related = ("registration__student", "registration__event")
    list_filter = ("kind", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("student__name", "student__reference", "registration__event__name")
    fields = ("registration", "student", "kind", "rank", "issued_at", "revoked_at")
    ordering = ("-issued_at", "-pk")
