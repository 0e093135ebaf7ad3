from django.apps import AppConfig


class TechfestConfig(AppConfig):
    name = "techfest"

    def ready(self) -> None:
        from . import checks  # noqa: F401  # importing registers the checks
