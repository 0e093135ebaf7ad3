"""Two addresses, as the load client knows them."""

from django.urls import path

from deploy.bench.floor import views

urlpatterns = [path("register/", views.register), path("a/<int:pk>/", views.answer, name="answer")]
