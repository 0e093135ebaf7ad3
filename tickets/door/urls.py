"""The addresses of the door. All of them need a volunteer, an event lead or an owner who is signed in."""

from django.urls import URLPattern

app_name = "door"
urlpatterns: list[URLPattern] = []
