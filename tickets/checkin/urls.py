"""URLs of the check-in pages; all require a signed-in volunteer, event lead or owner."""

from django.urls import URLPattern, path

from tickets import converters  # noqa: F401 - registers what the paths name
from tickets.checkin import offline_views, people_views, views
from tickets.checkin.access import View

app_name = "checkin"


def _at(route: str, view: View, name: str) -> list[URLPattern]:
    """A page of every checkpoint: of a gate, and of an event."""
    return [
        path(f"gate/<int:gate>/{route}", view, name=f"{name}-gate"),
        path(f"event/<slug:event>/{route}", view, name=f"{name}-event"),
    ]


urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    *_at("", offline_views.scanning(views.scanner), "scanner"),
    *_at("offline", offline_views.offline_page, "offline"),
    *_at("live", offline_views.live, "live"),
    *_at("upload", offline_views.upload, "upload"),
    path("sw.js", offline_views.worker, name="worker"),
    *_at("scan", views.scan, "scan"),
    *_at("scans/<uuid:link_id>/", offline_views.scanning(views.verdict), "verdict"),
    *_at("scans/<uuid:link_id>/again", people_views.again, "again"),
    *_at("scans/<uuid:link_id>/undo", people_views.undo, "undo"),
    *_at("scans/<uuid:link_id>/seat", people_views.seat, "seat"),
    *_at("search", people_views.search, "search"),
    *_at("walk-in", people_views.walk_in, "walk_in"),
    *_at("delegation/<code:code>/", people_views.school_list, "class"),
    path("t/<code:code>/", views.by_code, name="code"),
]
