from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from techfest.core import roles

        # Importing these modules registers their signal receivers.
        from tickets import (
            issuing,  # noqa: F401
            permissions,
        )
        from tickets.documents import certificates  # noqa: F401
        from tickets.mail import webhooks  # noqa: F401
        from tickets.mail.kinds import class_tickets, notice  # noqa: F401
        from tickets.privacy import (
            export,  # noqa: F401
        )

        roles.declare(permissions.TABLE, self)
