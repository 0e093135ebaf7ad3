from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RegistrationsConfig(AppConfig):
    name = "registrations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from registrations import permissions
        from registrations.holds import reserve  # noqa: F401 - hears of raised capacities
        from registrations.privacy import planner_statistics
        from registrations.teachers import account_events  # noqa: F401 - hears of what happens to accounts
        from techfest.core import roles

        roles.declare(permissions.TABLE, self)
        post_migrate.connect(
            planner_statistics.withhold, sender=self, dispatch_uid="planner statistics of personal columns"
        )
