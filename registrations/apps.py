from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RegistrationsConfig(AppConfig):
    name = "registrations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Importing these modules registers their signal receivers; `test_receivers.py` checks that none is missing.
        from registrations import permissions
        from registrations.holds import reserve
        from registrations.privacy import planner_statistics
        from registrations.teachers import account_events
        from techfest.core import roles

        roles.declare(permissions.TABLE, self)
        post_migrate.connect(
            planner_statistics.withhold, sender=self, dispatch_uid="planner statistics of personal columns"
        )
