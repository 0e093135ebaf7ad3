from django.urls import path

from tickets import converters  # noqa: F401 - registers what the paths name
from tickets.board import (
    booklet_pages,
    delegation_pages,
    handover_pages,
    paper_pages,
    student_pages,
    views,
)

app_name = "board"
urlpatterns = [
    path("", views.home, name="home"),
    path("students/add/", student_pages.add_student, name="add-student"),
    path("students/<reference:reference>/", student_pages.student, name="student"),
    path("students/<reference:reference>/details/", student_pages.details, name="details"),
    path("students/<reference:reference>/events/", student_pages.add_events, name="add-events"),
    path("students/<reference:reference>/address/", student_pages.address, name="address"),
    path("students/<reference:reference>/share/", student_pages.share, name="share"),
    path("students/<reference:reference>/cancel/", student_pages.cancel_registrations, name="cancel-all"),
    path(
        "students/<reference:reference>/cancel/<int:registration_id>/",
        student_pages.cancel_registrations,
        name="cancel",
    ),
    path("students/<reference:reference>/replace/", student_pages.replace_student, name="replace-all"),
    path(
        "students/<reference:reference>/replace/<int:registration_id>/",
        student_pages.replace_student,
        name="replace",
    ),
    path("tickets/", booklet_pages.make, name="booklet-make"),
    path("tickets/<code:code>/", booklet_pages.booklet, name="booklet"),
    path("tickets/<code:code>/tickets.pdf", booklet_pages.download, name="booklet-pdf"),
    path("tickets/<code:code>/mail/", booklet_pages.mail, name="booklet-mail"),
    path("papers/", paper_pages.make, name="papers-make"),
    path("papers/<code:code>/", paper_pages.papers, name="papers"),
    path("papers/<code:code>/papers.zip", paper_pages.download, name="papers-zip"),
    path("delegation/", delegation_pages.delegation, name="delegation"),
    path("delegation/renew/", delegation_pages.renew, name="delegation-renew"),
    path("handover/", handover_pages.handover, name="handover"),
]
