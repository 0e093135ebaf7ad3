"""Response headers that no library sets: which powerful features a page may use, and which sites may embed it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from .session_paths import without_language

# Features that ask the person or reach hardware. Only check-in needs one of them: the camera.
POWERFUL_FEATURES = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)
CAMERA_PATH = "/door/"
ERROR_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
"""The content security policy of a static error page; nginx sends the same."""


class HeadersMiddleware:
    """Adds the headers to every response, also to files, redirects and refusals that other middleware answers with.

    It stands first for that reason. A header that is there already stays as it is.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in fixed_headers().items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Permissions-Policy", permissions_policy(request.path_info))
        return response


def fixed_headers() -> dict[str, str]:
    """What every response carries, whatever its address."""
    return {
        "Cross-Origin-Opener-Policy": str(settings.SECURE_CROSS_ORIGIN_OPENER_POLICY),
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": str(settings.SECURE_REFERRER_POLICY),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": str(settings.X_FRAME_OPTIONS),
    }


def error_headers() -> dict[str, str]:
    """What a server in front of the application sends with an answer of its own.

    The page may stand at a secret address, so no other site learns where the visitor came from.
    """
    return {
        **fixed_headers(),
        "Cache-Control": "no-store",
        "Content-Security-Policy": ERROR_POLICY,
        "Permissions-Policy": permissions_policy("/"),
        "Referrer-Policy": "no-referrer",
    }


def permissions_policy(path: str) -> str:
    """The header's value for the page at ``path``: everything is off, but the camera at the door."""
    allowed = {"camera"} if without_language(path).startswith(CAMERA_PATH) else set()
    return ", ".join(f"{name}=({'self' if name in allowed else ''})" for name in POWERFUL_FEATURES)
