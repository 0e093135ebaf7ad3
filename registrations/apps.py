from django.apps import AppConfig


class RegistrationsConfig(AppConfig):
    name = "registrations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from events import roles
        from registrations import permissions
        from registrations.blocks import keeping  # noqa: F401 - hears of raised capacities

        roles.declare(permissions.TABLE, self)
