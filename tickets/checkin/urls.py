"""The addresses of the door. All of them need a volunteer, an event lead or an owner who is signed in."""

from django.urls import URLPattern, path

from tickets import converters  # noqa: F401 - registers what the paths name
from tickets.checkin import device_views, people_views, school_list_views, views, walk_in_views

app_name = "checkin"


def _at(route: str, view: views.View, name: str) -> list[URLPattern]:
    """A page of every place: of a gate, and of an event."""
    return [
        path(f"gate/<int:gate>/{route}", view, name=f"{name}-gate"),
        path(f"event/<slug:event>/{route}", view, name=f"{name}-event"),
    ]


urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    *_at("", device_views.scanning(views.scanner), "scanner"),
    *_at("offline", device_views.shell, "offline"),
    *_at("live", device_views.live, "live"),
    *_at("upload", device_views.upload, "upload"),
    path("sw.js", device_views.worker, name="worker"),
    *_at("scan", views.scan, "scan"),
    *_at("scans/<uuid:link_id>/", device_views.scanning(views.verdict), "verdict"),
    *_at("scans/<uuid:link_id>/again", people_views.again, "again"),
    *_at("scans/<uuid:link_id>/undo", people_views.undo, "undo"),
    *_at("scans/<uuid:link_id>/seat", walk_in_views.seat, "seat"),
    *_at("search", people_views.search, "search"),
    *_at("walk-in", walk_in_views.walk_in, "walk_in"),
    *_at("delegation/<code:code>/", school_list_views.school_list, "class"),
    path("t/<code:code>/", views.by_code, name="code"),
]
