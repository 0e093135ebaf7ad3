from django.urls import path

from events import views

app_name = "events"
urlpatterns = [
    path("", views.catalogue, name="catalogue"),
    path("events/<slug:slug>/", views.event, name="event"),
    path("pictures/<slug:digest>.<slug:kind>", views.picture, name="picture"),
]
