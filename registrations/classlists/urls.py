from django.urls import path

from registrations.classlists import jobpages, views

app_name = "classlists"
urlpatterns = [
    path("", views.lists, name="lists"),
    path("template.<str:kind>", views.template, name="template"),
    path("<int:pk>/", views.preview, name="preview"),
    path("<int:pk>/fix/", views.fix, name="fix"),
    path("<int:pk>/columns/", views.columns, name="columns"),
    path("<int:pk>/letters/", views.letters, name="letters"),
    path("<int:pk>/problems.<str:kind>", views.problems, name="problems"),
    path("<int:pk>/discard/", views.discard, name="discard"),
    path("<int:pk>/confirm/", jobpages.confirm, name="confirm"),
    path("<int:pk>/left.<str:kind>", jobpages.left, name="left"),
    path("jobs/<uuid:link_id>/", jobpages.job, name="job"),
]
