from django.apps import AppConfig
from django.contrib.admin import apps as admin


class TechfestConfig(AppConfig):
    name = "techfest"

    def ready(self) -> None:
        from . import checks, deploy_checks  # importing registers the checks


class TechfestAdminConfig(admin.AdminConfig):
    """Django's admin with the house's own site; named in the settings, so that it is nobody's default."""

    default = False
    default_site = "tickets.dashboard.site.TechfestAdminSite"
