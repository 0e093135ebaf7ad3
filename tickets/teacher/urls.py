from django.urls import path

from tickets import converters  # noqa: F401 - registers what the paths name
from tickets.teacher import (
    booklet_views,
    delegation_views,
    document_views,
    hand_over_views,
    student_views,
    views,
)

app_name = "teacher"
urlpatterns = [
    path("", views.home, name="home"),
    path("students/add/", student_views.add_student, name="add-student"),
    path("students/<reference:reference>/", student_views.student, name="student"),
    path("students/<reference:reference>/details/", student_views.details, name="details"),
    path("students/<reference:reference>/events/", student_views.add_events, name="add-events"),
    path("students/<reference:reference>/address/", student_views.address, name="address"),
    path("students/<reference:reference>/share/", student_views.share, name="share"),
    path("students/<reference:reference>/cancel/", student_views.cancel_registrations, name="cancel-all"),
    path(
        "students/<reference:reference>/cancel/<int:registration_id>/",
        student_views.cancel_registrations,
        name="cancel",
    ),
    path("students/<reference:reference>/replace/", student_views.replace_student, name="replace-all"),
    path(
        "students/<reference:reference>/replace/<int:registration_id>/",
        student_views.replace_student,
        name="replace",
    ),
    path("tickets/", booklet_views.make, name="booklet-make"),
    path("tickets/<code:code>/", booklet_views.booklet, name="booklet"),
    path("tickets/<code:code>/tickets.pdf", booklet_views.download, name="booklet-pdf"),
    path("tickets/<code:code>/mail/", booklet_views.mail, name="booklet-mail"),
    path("papers/", document_views.make, name="documents-make"),
    path("papers/<code:code>/", document_views.documents, name="documents"),
    path("papers/<code:code>/papers.zip", document_views.download, name="documents-zip"),
    path("delegation/", delegation_views.delegation, name="delegation"),
    path("delegation/renew/", delegation_views.renew, name="delegation-renew"),
    path("handover/", hand_over_views.handover, name="handover"),
]
