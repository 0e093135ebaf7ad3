"""Pages show times in the time zone of the fest, not of the browser."""

from collections.abc import Callable

from django.db import Error
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from events.cache import cached_fest, last_known_fest


class FestTimeMiddleware:
    """Activate the time zone of the current fest; without a database, of the fest that was read last."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith("/health/"):
            return self.get_response(request)
        try:
            fest = cached_fest().fest
        except Error:
            fest = last_known_fest()
        zone = fest.zone if fest else timezone.get_default_timezone()
        with timezone.override(zone):
            return self.get_response(request)
