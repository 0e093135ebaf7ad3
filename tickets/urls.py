from anymail.webhooks.brevo import BrevoTrackingWebhookView
from django.urls import path

from tickets import converters, views  # noqa: F401 - registers what the paths name
from tickets.mail.webhooks import MailgunWebhookView, hook
from tickets.teacher import views as teacher_views

app_name = "tickets"
urlpatterns = [
    path("a/<str:token>/", views.confirmation, name="confirmation"),
    path("a/<str:token>/cancel/<slug:slug>/", views.cancel_from_confirmation, name="confirmation-cancel"),
    path("my/<str:token>/", views.my, name="my"),
    path("my/<str:token>/resend/", views.resend, name="resend"),
    path("events/<slug:slug>/event.ics", views.event_ics, name="event-ics"),
    path("link/", views.link, name="link"),
    path("t/<code:code>/", views.ticket, name="ticket"),
    path("t/<code:code>/ticket.pdf", views.ticket_pdf, name="pdf"),
    path("t/<code:code>/event.ics", views.ticket_ics, name="ics"),
    path("c/<code:code>/", views.certificate, name="certificate"),
    path("delegation/<code:code>/", teacher_views.public_delegation, name="delegation"),
]
hooks = [
    path("hooks/mailgun/", hook("mailgun", MailgunWebhookView.as_view()), name="mailgun"),
    path("hooks/brevo/", hook("brevo", BrevoTrackingWebhookView.as_view()), name="brevo"),
]
