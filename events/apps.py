from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "events"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from events import permissions
        from events.models import AuditEntry
        from techfest.core import audit_log, roles

        audit_log.use_model(AuditEntry)
        roles.declare(permissions.TABLE, self)
