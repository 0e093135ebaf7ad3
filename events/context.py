"""Template context of all pages."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from events.cache import last_known_fest


def fest(request: HttpRequest) -> dict[str, Any]:
    """The current fest as the middleware read it, or None if the database could not be reached."""
    return {"fest": last_known_fest(), "site_url": settings.SITE_URL}
