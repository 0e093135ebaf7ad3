from django.urls import path

from registrations import confirm_views, student_views, views
from registrations.questions import views as question_views

app_name = "registrations"
urlpatterns = [
    path("register/", views.register, name="register"),
    path("privacy/", views.privacy, name="privacy"),
    path("my/<str:token>/confirm/", confirm_views.confirm, name="confirm"),
    path("my/<str:token>/details/", student_views.details, name="details"),
    path("my/<str:token>/answers/", question_views.answers, name="answers"),
    path("my/<str:token>/add/", student_views.add, name="add"),
    path("my/<str:token>/cancel/", student_views.cancel_registration, name="cancel-all"),
    path("my/<str:token>/cancel/<slug:slug>/", student_views.cancel_registration, name="cancel"),
]
