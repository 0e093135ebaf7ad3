"""The project's own application is the one whose `ready` loads Celery and the checks."""

from django.apps import apps

from techfest.apps import TechfestConfig


def test_django_takes_the_configuration_of_the_project() -> None:
    """Without it wake-ups would go to no broker, and `check --deploy` would know nothing of this site."""
    assert type(apps.get_app_config("techfest")) is TechfestConfig
