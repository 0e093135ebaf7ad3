from django.apps import AppConfig


class RegistrationsConfig(AppConfig):
    name = "registrations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from registrations import waitinglist  # noqa: F401 - hears of raised capacities
