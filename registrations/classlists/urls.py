from django.urls import path

from registrations.classlists import jobpages

app_name = "classlists"
urlpatterns = [
    path("<int:pk>/confirm/", jobpages.confirm, name="confirm"),
    path("<int:pk>/left.<str:kind>", jobpages.left, name="left"),
    path("jobs/<uuid:key>/", jobpages.job, name="job"),
]
