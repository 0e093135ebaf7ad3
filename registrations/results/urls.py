"""The public pages of results."""

from django.urls import path

from registrations.results import views

app_name = "results"
urlpatterns = [
    path("results/", views.overview, name="overview"),
    path("events/<slug:slug>/results/", views.results, name="event"),
]
