from django.urls import path

from registrations.holds import views

app_name = "holds"
urlpatterns = [
    path("", views.holds, name="list"),
    path("ask/", views.hold, name="request"),
    path("<int:hold_id>/give-back/", views.back, name="back"),
]
