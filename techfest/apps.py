from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class TechfestConfig(AppConfig):
    name = "techfest"
    default = True  # among the other classes of this module Django would choose none

    def ready(self) -> None:
        # Celery's application, for `shared_task`; `techfest/__init__.py` stays empty, because the reader of workbooks
        # imports `techfest.core.text` and must start fast. Importing the others registers the checks and the lookup.
        from . import celery, checks, deploy_checks
        from .core.db import folding


class TechfestAdminConfig(SimpleAdminConfig):
    """Django's admin with this project's site and admin classes; the settings name it.

    Admin classes of Django and of libraries are never imported: ours for accounts, second steps and addresses take
    their place, and nothing has to be unregistered.
    """

    default = False
    default_site = "tickets.dashboard.site.TechfestAdminSite"

    def ready(self) -> None:
        super().ready()
        for app in ("events", "registrations", "tickets"):
            import_module(f"{app}.admin")
