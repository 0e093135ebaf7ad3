from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "events"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from events import permissions
        from techfest.core import roles

        roles.declare(permissions.TABLE, self)
