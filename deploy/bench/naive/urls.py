"""Two addresses, as the load client knows them."""

from django.urls import path

from deploy.bench.naive import views

urlpatterns = [path("register/", views.register), path("a/<int:pk>/", views.answer, name="answer")]
