from django.urls import path

from registrations.teachers import views

app_name = "teachers"
urlpatterns = [
    path("teacher/waiting/", views.waiting, name="waiting"),
]
