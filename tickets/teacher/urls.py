from django.urls import path

from tickets import converters  # noqa: F401 - registers what the paths name
from tickets.teacher import (
    document_views,
    registration_views,
    student_views,
    views,
)

app_name = "teacher"
urlpatterns = [
    path("", views.home, name="home"),
    path("students/add/", registration_views.add_student, name="add-student"),
    path("students/<reference:reference>/", student_views.student, name="student"),
    path("students/<reference:reference>/details/", student_views.details, name="details"),
    path("students/<reference:reference>/answers/", student_views.answers, name="answers"),
    path("students/<reference:reference>/events/", registration_views.add_events, name="add-events"),
    path("students/<reference:reference>/address/", student_views.address, name="address"),
    path("students/<reference:reference>/share/", student_views.share, name="share"),
    path(
        "students/<reference:reference>/cancel/", registration_views.cancel_registrations, name="cancel-all"
    ),
    path(
        "students/<reference:reference>/cancel/<int:registration_id>/",
        registration_views.cancel_registrations,
        name="cancel",
    ),
    path("students/<reference:reference>/replace/", registration_views.replace_student, name="replace-all"),
    path(
        "students/<reference:reference>/replace/<int:registration_id>/",
        registration_views.replace_student,
        name="replace",
    ),
    path("tickets/", document_views.make_tickets, name="tickets-make"),
    path("tickets/<code:code>/", document_views.moved, name="tickets-moved"),
    path("papers/", document_views.make_all, name="documents-make"),
    path("papers/<code:code>/", document_views.moved, name="documents-moved"),
    path("documents/<code:code>/", document_views.document, name="document"),
    path("documents/<code:code>/file/", document_views.download, name="document-file"),
    path("documents/<code:code>/mail/", document_views.mail, name="document-mail"),
    path("delegation/", views.delegation, name="delegation"),
    path("delegation/renew/", views.renew_delegation, name="delegation-renew"),
    path("handover/", views.handover, name="handover"),
]
