"""Where a certificate is checked by whoever holds it."""

from django.urls import URLPattern

app_name = "papers"
urlpatterns: list[URLPattern] = []
