from django.urls import path

from registrations.holds import views

app_name = "blocks"
urlpatterns = [
    path("", views.blocks, name="list"),
    path("ask/", views.hold, name="ask"),
    path("<int:block_id>/give-back/", views.back, name="back"),
]
