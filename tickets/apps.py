from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from events import roles
        from tickets import classmail, issuing, letters, merging, permissions, webhooks  # noqa: F401 - hear of changes and of the provider
        from tickets.minors import blanking, telling  # noqa: F401 - hear of who is erased or wants to know
        from tickets.papers import certificates  # noqa: F401 - hears of results and of seats given up

        roles.declare(permissions.TABLE, self)
