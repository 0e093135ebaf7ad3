from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from techfest.core import roles

        # Importing these modules registers their receivers and hooks; `test_receivers.py` checks that none is missing.
        from tickets import issuing, merge, permissions
        from tickets.documents import certificates
        from tickets.mail import preview, webhooks
        from tickets.mail.kinds import class_tickets, notice, questions
        from tickets.privacy import export, redact

        roles.declare(permissions.TABLE, self)
