"""What every page knows of the fest."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from events.cache import last_known_fest


def fest(request: HttpRequest) -> dict[str, Any]:
    """The current fest as the middleware found it; `None` while the database is away."""
    return {"fest": last_known_fest(), "site_url": settings.SITE_URL}
