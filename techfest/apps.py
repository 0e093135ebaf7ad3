from django.apps import AppConfig
from django.contrib.admin import apps as admin


class TechfestConfig(AppConfig):
    name = "techfest"

    def ready(self) -> None:
        from . import checks, deploy_checks  # importing registers the checks


class TechfestAdminConfig(admin.AdminConfig):
    """Django's admin with this project's site; the settings name it."""

    default = False
    default_site = "tickets.dashboard.site.TechfestAdminSite"
