"""The addresses of the door. All of them need a volunteer, an event lead or an owner who is signed in."""

from django.urls import URLPattern, path

from tickets import converters  # noqa: F401 - registers what the paths name
from tickets.door import class_pages, device, people_pages, views, walkin_pages

app_name = "door"


def _at(route: str, view: views.View, name: str) -> list[URLPattern]:
    """A page of every place: of a gate, and of an event."""
    return [
        path(f"gate/<int:gate>/{route}", view, name=f"{name}-gate"),
        path(f"event/<slug:event>/{route}", view, name=f"{name}-event"),
    ]


urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    *_at("", device.scanning(views.place), "place"),
    *_at("offline", device.shell, "offline"),
    *_at("live", device.live, "live"),
    *_at("upload", device.upload, "upload"),
    path("sw.js", device.worker, name="worker"),
    *_at("scan", views.scan, "scan"),
    *_at("scans/<uuid:link_id>/", device.scanning(views.verdict), "verdict"),
    *_at("scans/<uuid:link_id>/again", people_pages.again, "again"),
    *_at("scans/<uuid:link_id>/undo", people_pages.undo, "undo"),
    *_at("scans/<uuid:link_id>/seat", walkin_pages.seat, "seat"),
    *_at("search", people_pages.search, "search"),
    *_at("walk-in", walkin_pages.walk_in, "walk_in"),
    *_at("delegation/<code:code>/", class_pages.school_list, "class"),
    path("t/<code:code>/", views.by_code, name="code"),
]
