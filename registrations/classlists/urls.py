from django.urls import URLPattern

app_name = "classlists"
urlpatterns: list[URLPattern] = []
