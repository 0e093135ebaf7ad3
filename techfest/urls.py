"""The root URLconf. Each app has its own URLs; this decides their order."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from tickets.urls import hooks

from . import health

handler403 = "techfest.refusals.forbidden"
handler404 = "techfest.refusals.not_found"

urlpatterns = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("admin/", admin.site.urls),
    *hooks,
    *i18n_patterns(
        path("", include("events.urls")),
        path("", include("registrations.urls")),
        path("", include("tickets.urls")),
        path("", include("registrations.results.urls")),
        path("", include("registrations.teachers.urls")),
        path("accounts/", include("registrations.teachers.account_urls")),
        path("teacher/lists/", include("registrations.class_lists.urls")),
        path("teacher/blocks/", include("registrations.holds.urls")),
        path("teacher/", include("tickets.teacher.urls")),
        path("door/", include("tickets.checkin.urls")),
        prefix_default_language=False,
    ),
]
