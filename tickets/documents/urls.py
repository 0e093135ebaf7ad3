"""The public page where a certificate is verified."""

from django.urls import path

from tickets import converters  # noqa: F401 - registers what the paths name
from tickets.documents import views

app_name = "documents"
urlpatterns = [path("c/<code:code>/", views.certificate, name="certificate")]
