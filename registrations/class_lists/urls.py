from django.urls import path

from registrations.class_lists import answers, job_views, views

app_name = "class_lists"
urlpatterns = [
    path("", views.lists, name="lists"),
    path("template.<str:kind>", views.template, name="template"),
    path("<int:pk>/", views.preview, name="preview"),
    path("<int:pk>/fix/", views.edit, name="edit"),
    path("<int:pk>/columns/", views.columns, name="columns"),
    path("<int:pk>/questions/", answers.answer, name="answer"),
    path("<int:pk>/letters/", views.confirm_encoding, name="confirm_encoding"),
    path("<int:pk>/problems.<str:kind>", views.problems, name="problems"),
    path("<int:pk>/discard/", views.discard, name="discard"),
    path("<int:pk>/confirm/", views.confirm, name="confirm"),
    path("<int:pk>/left.<str:kind>", views.left, name="left"),
    path("jobs/<uuid:link_id>/", job_views.job, name="job"),
    path("jobs/<uuid:link_id>/undo/", job_views.undo, name="undo"),
]
