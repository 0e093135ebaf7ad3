from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from techfest.core import roles
        from tickets import issuing, merge, permissions  # noqa: F401 - hear of changes and of the provider
        from tickets.documents import certificates  # noqa: F401 - hears of results and of seats given up
        from tickets.privacy import (
            redact,  # noqa: F401 - hear of who is erased or wants to know
        )

        roles.declare(permissions.TABLE, self)
